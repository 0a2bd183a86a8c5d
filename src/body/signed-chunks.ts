/**
 * A body in signed chunks, as the gateway sends it. The chunks prove to the store that no byte has changed between the gateway
 * and the store. Amazon S3 API Reference, "Signature Calculations for the
 * Authorization Header: Transferring Payload in Multiple Chunks" and "… Including Trailing Headers".
 */
import { hash } from 'node:crypto';
import { Transform, type TransformCallback } from 'node:stream';
import type { ChunkSigner } from '../domain/identity.ts';

/** Bytes of every chunk but the last. One chunk is held at a time: its signature goes before it. */
const CHUNK = 64 * 1024;
const SIGNATURE_DIGITS = 64;
const TRAILER_SIGNATURE = 'x-amz-trailer-signature:';

export class SignedChunks extends Transform {
  #signer: ChunkSigner | undefined;
  /** Waits for `signWith`. */
  #waiting: (() => void) | undefined;
  readonly #trailer: (() => string) | undefined;
  #objectLeft: number;
  #chunk: Chunk;
  #givenBytes = 0;

  /**
   * @param objectLength in bytes.
   * @param trailer gives `name:value` once all bytes are there.
   */
  constructor(objectLength: number, trailer?: () => string) {
    super();
    this.#trailer = trailer;
    this.#objectLeft = objectLength;
    this.#chunk = new Chunk(this.#nextSize());
  }

  /** Content-Length of the coded body, in bytes. @param trailerLength of `name:value`; 0 without one. */
  static encodedLength(objectLength: number, trailerLength = 0): number {
    const whole = Math.floor(objectLength / CHUNK);
    const rest = objectLength % CHUNK;
    const trailer = trailerLength === 0 ? 0 : trailerLength + TRAILER_SIGNATURE.length + SIGNATURE_DIGITS + 4;
    return whole * framedLength(CHUNK) + (rest > 0 ? framedLength(rest) : 0) + framedLength(0) + trailer;
  }

  /** Bytes that the reader has got so far. */
  get readBytes(): number {
    return this.#givenBytes - this.readableLength;
  }

  signWith(signer: ChunkSigner): void {
    this.#signer = signer;
    this.#waiting?.();
    this.#waiting = undefined;
  }

  override _transform(bytes: Buffer, _: BufferEncoding, callback: TransformCallback): void {
    this.#whenSigned((signer) => {
      for (let at = 0; at < bytes.length; ) {
        at += this.#chunk.write(bytes.subarray(at));
        if (this.#chunk.isFull) this.#emit(signer);
      }
      callback();
    });
  }

  override _flush(callback: TransformCallback): void {
    this.#whenSigned((signer) => {
      this.#end(signer);
      callback();
    });
  }

  #whenSigned(run: (signer: ChunkSigner) => void): void {
    if (this.#signer !== undefined) run(this.#signer);
    else this.#waiting = () => run(this.#signer as ChunkSigner);
  }

  #emit(signer: ChunkSigner): void {
    this.#give(this.#chunk.signed(signer));
    this.#chunk = new Chunk(this.#nextSize());
  }

  /** The chunk of no bytes, and the trailer between its line and the empty one. */
  #end(signer: ChunkSigner): void {
    const last = this.#chunk.signed(signer);
    const trailer = Buffer.from(this.#trailerLines(signer), 'latin1');
    this.#give(Buffer.concat([last.subarray(0, -2), trailer, last.subarray(-2)]));
  }

  #trailerLines(signer: ChunkSigner): string {
    const trailer = this.#trailer?.();
    if (trailer === undefined) return '';
    const signature = signer.signTrailer(hash('sha256', `${trailer}\n`));
    return `${trailer}\r\n${TRAILER_SIGNATURE}${signature}\r\n`;
  }

  #give(bytes: Buffer): void {
    this.#givenBytes += bytes.length;
    this.push(bytes);
  }

  #nextSize(): number {
    const size = Math.min(CHUNK, this.#objectLeft);
    this.#objectLeft -= size;
    return size;
  }
}

/** One chunk in one buffer, with room for the framing around its bytes. */
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

  signed(signer: ChunkSigner): Buffer {
    const bytes = this.#framed.subarray(this.#start, this.#start + this.#size);
    this.#framed.write(
      `${this.#size.toString(16)};chunk-signature=${signer.signChunk(hash('sha256', bytes))}\r\n`,
      0,
      'latin1',
    );
    this.#framed.write('\r\n', this.#start + this.#size, 'latin1');
    return this.#framed;
  }
}

const headLength = (size: number): number =>
  size.toString(16).length + ';chunk-signature='.length + SIGNATURE_DIGITS + '\r\n'.length;
const framedLength = (size: number): number => headLength(size) + size + '\r\n'.length;
