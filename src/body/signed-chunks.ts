/**
 * A body in signed chunks, as the gateway sends it: what a client has promised chunk by chunk is promised to the store in the
 * same way, so that it notices a byte that changes between the two. Amazon S3 API Reference, "Signature Calculations for the
 * Authorization Header: Transferring Payload in Multiple Chunks".
 */
import { hash } from 'node:crypto';
import { Transform, type TransformCallback } from 'node:stream';
import type { SignChunk } from '../domain/identity.ts';

/** Bytes of every chunk but the last. One chunk is held at a time: its signature goes before it. */
const CHUNK = 64 * 1024;
const SIGNATURE_DIGITS = 64;

export class SignedChunks extends Transform {
  #sign: SignChunk | undefined;
  /** What waits for `signWith`. */
  #waiting: (() => void) | undefined;
  #objectLeft: number;
  #chunk: Chunk;
  #givenBytes = 0;

  /** @param objectLength in bytes. */
  constructor(objectLength: number) {
    super();
    this.#objectLeft = objectLength;
    this.#chunk = new Chunk(this.#nextSize());
  }

  /** Content-Length of the coded body, in bytes. */
  static encodedLength(objectLength: number): number {
    const whole = Math.floor(objectLength / CHUNK);
    const rest = objectLength % CHUNK;
    return whole * framedLength(CHUNK) + (rest > 0 ? framedLength(rest) : 0) + framedLength(0);
  }

  /** Bytes that the reader has got so far. */
  get takenBytes(): number {
    return this.#givenBytes - this.readableLength;
  }

  signWith(sign: SignChunk): void {
    this.#sign = sign;
    this.#waiting?.();
    this.#waiting = undefined;
  }

  override _transform(bytes: Buffer, _: BufferEncoding, callback: TransformCallback): void {
    this.#whenSigned((sign) => {
      for (let at = 0; at < bytes.length; ) {
        at += this.#chunk.write(bytes.subarray(at));
        if (this.#chunk.isFull) this.#emit(sign);
      }
      callback();
    });
  }

  override _flush(callback: TransformCallback): void {
    this.#whenSigned((sign) => {
      this.#emit(sign); // the chunk of no bytes, which ends the body
      callback();
    });
  }

  #whenSigned(run: (sign: SignChunk) => void): void {
    if (this.#sign !== undefined) run(this.#sign);
    else this.#waiting = () => run(this.#sign as SignChunk);
  }

  #emit(sign: SignChunk): void {
    const framed = this.#chunk.signed(sign);
    this.#givenBytes += framed.length;
    this.push(framed);
    this.#chunk = new Chunk(this.#nextSize());
  }

  #nextSize(): number {
    const size = Math.min(CHUNK, this.#objectLeft);
    this.#objectLeft -= size;
    return size;
  }
}

/** One chunk in one buffer, with room for what stands around its bytes. */
class Chunk {
  readonly #size: number;
  readonly #start: number;
  readonly #framed: Buffer;
  #at: number;

  constructor(size: number) {
    this.#size = size;
    this.#start = headLength(size);
    this.#framed = Buffer.allocUnsafe(framedLength(size));
    this.#at = this.#start;
  }

  get isFull(): boolean {
    return this.#size > 0 && this.#at === this.#start + this.#size;
  }

  /** @returns how many bytes it took. @throws RangeError if the object has more bytes than were declared. */
  write(bytes: Buffer): number {
    const end = this.#start + this.#size;
    const taken = bytes.copy(this.#framed, this.#at, 0, Math.min(bytes.length, end - this.#at));
    if (taken === 0) throw new RangeError('more bytes than the declared object length');
    this.#at += taken;
    return taken;
  }

  signed(sign: SignChunk): Buffer {
    const bytes = this.#framed.subarray(this.#start, this.#start + this.#size);
    this.#framed.write(`${this.#size.toString(16)};chunk-signature=${sign(hash('sha256', bytes))}\r\n`, 0, 'latin1');
    this.#framed.write('\r\n', this.#start + this.#size, 'latin1');
    return this.#framed;
  }
}

const headLength = (size: number): number =>
  size.toString(16).length + ';chunk-signature='.length + SIGNATURE_DIGITS + '\r\n'.length;
const framedLength = (size: number): number => headLength(size) + size + '\r\n'.length;
