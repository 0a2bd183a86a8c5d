/**
 * The `aws-chunked` content coding, unsigned and signed (x-amz-content-sha256: STREAMING-…):
 *
 *     <hex size>CRLF <bytes> CRLF … 0 CRLF <trailer name>:<value> CRLF CRLF
 *     <hex size>;chunk-signature=<hex>CRLF … 0;chunk-signature=<hex>CRLF <name>:<value> CRLF x-amz-trailer-signature:<hex>CRLF CRLF
 *
 * A decoder that reads pieces of any size and holds none of them, and an encoder of the unsigned form.
 * Amazon S3 API Reference, "Transferring payload in multiple chunks (chunked upload)".
 */
import { Failure } from '../domain/failure.ts';
import { FIXED_LIMITS } from '../domain/fixed-limits.ts';
import type { ChunkSignatures } from '../domain/identity.ts';
import { BoundedBuffer } from '../kit/bounded-buffer.ts';
import { ChunkVerifier } from './chunk-verifier.ts';

const MAX_LINE = FIXED_LIMITS.chunk_line_bytes;
const MAX_TRAILERS = FIXED_LIMITS.trailers;
const CHUNK_LINE = /^([0-9A-Fa-f]{1,15})()$/;
const SIGNED_CHUNK_LINE = /^([0-9A-Fa-f]{1,15});chunk-signature=([0-9a-f]{64})$/;
const TRAILER_SIGNATURE = 'x-amz-trailer-signature';
const TRAILER_LINE = /^([A-Za-z0-9-]+):[ \t]*([\x21-\x7e]*)[ \t]*$/;
const CR = 13;
const LF = 10;

type State = 'size' | 'data' | 'data-end' | 'trailer' | 'line-end' | 'signed-end' | 'done';

export class AwsChunkedDecoder {
  /** Trailer headers, lower-case names, without the signature over them; complete once `end` has returned. */
  readonly trailers = new Map<string, string>();
  #state: State = 'size';
  #left = 0;
  readonly #line = new BoundedBuffer(MAX_LINE);
  readonly #emit: (bytes: Buffer) => void;
  readonly #verifier: ChunkVerifier | undefined;

  /**
   * @param emit receives the decoded bytes: views of the written bytes, never copies. The last bytes of a signed chunk
   *   come when the chunk is verified, earlier ones when they arrive.
   * @param signatures of a stream that must be signed, chunk by chunk; undefined for one that must not.
   */
  constructor(emit: (bytes: Buffer) => void, signatures?: ChunkSignatures) {
    this.#emit = emit;
    this.#verifier = signatures === undefined ? undefined : new ChunkVerifier(signatures);
  }

  /**
   * @param bytes memory that the caller may use again afterwards.
   * @throws Failure invalid_chunk or malformed_trailer as soon as the framing is invalid; signature_refused as soon as a
   *   signature does not match.
   */
  write(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length) {
      at = this.#state === 'data' ? this.#readData(bytes, at) : this.#readLine(bytes, at);
    }
  }

  /** @throws Failure incomplete_body if the final chunk or the end of its trailer is missing. */
  end(): void {
    if (this.#state !== 'done') {
      throw new Failure('incomplete_body', 'The aws-chunked body ended before its final chunk.');
    }
  }

  #readData(bytes: Buffer, at: number): number {
    const end = Math.min(bytes.length, at + this.#left);
    const data = at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end);
    this.#left -= data.length;
    this.#verifier?.update(data);
    if (this.#left === 0) this.#endData();
    this.#emit(data);
    return end;
  }

  #endData(): void {
    this.#verifier?.close();
    this.#state = 'data-end';
  }

  #readLine(bytes: Buffer, at: number): number {
    if (this.#state === 'done')
      throw new Failure('invalid_chunk', 'There are bytes after the end of the aws-chunked body.');
    const lf = bytes.indexOf(LF, at);
    const end = lf < 0 ? bytes.length : lf + 1;
    const piece = bytes.subarray(at, end);
    if (!this.#line.add(lf < 0 ? copyOf(piece) : piece))
      throw new Failure('invalid_chunk', 'A chunk line is longer than 1 KiB.');
    if (lf < 0) return end;
    const line = this.#line.bytes.toString('latin1');
    this.#line.clear();
    if (line.charCodeAt(line.length - 2) === CR) this.#interpret(line.slice(0, -2));
    else this.#interpretBare(line.slice(0, -1));
    return end;
  }

  /** minio-go ends a trailer with a bare LF, as it signs it, and a CRLF behind it, signed or not; S3 and MinIO accept that. */
  #interpretBare(line: string): void {
    if (this.#state !== 'trailer' || line === '') {
      throw new Failure('invalid_chunk', 'A chunk line does not end in CRLF.');
    }
    this.#readTrailer(line);
    this.#state = 'line-end';
  }

  #interpret(line: string): void {
    if (this.#state === 'data-end') {
      if (line !== '') throw new Failure('invalid_chunk', 'A chunk is longer than its declared size.');
      this.#state = 'size';
    } else if (this.#state === 'line-end') {
      if (line !== '') malformed('A trailer line does not end in CRLF.');
      this.#state = 'trailer';
    } else if (this.#state === 'size') {
      this.#openChunk(line);
    } else if (line === '') {
      this.#endTrailers();
    } else {
      this.#readTrailer(line);
    }
  }

  #openChunk(line: string): void {
    const match = (this.#verifier === undefined ? CHUNK_LINE : SIGNED_CHUNK_LINE).exec(line);
    if (match === null) throw new Failure('invalid_chunk', this.#syntaxError(line));
    this.#left = Number.parseInt(match[1]!, 16);
    this.#state = this.#left === 0 ? 'trailer' : 'data';
    this.#verifier?.open(this.#left, match[2]!);
    if (this.#left === 0) this.#verifier?.close();
  }

  #syntaxError(line: string): string {
    if (this.#verifier !== undefined) return 'A chunk does not begin with its size in hexadecimal and its signature.';
    return line.includes(';') ? 'A chunk of an unsigned body is signed.' : 'A chunk size is not a hexadecimal number.';
  }

  #endTrailers(): void {
    if (this.#verifier !== undefined && this.#state === 'trailer' && this.trailers.size > 0) {
      malformed('The trailer of a signed body is not signed.');
    }
    this.#state = 'done';
  }

  #readTrailer(line: string): void {
    const [, given, value] = TRAILER_LINE.exec(line) ?? [];
    const name = given?.toLowerCase();
    if (name === undefined || value === undefined) malformed('A trailer line is malformed.');
    if (this.#state === 'signed-end') malformed('A trailer comes after the signature.');
    if (this.#verifier !== undefined && name === TRAILER_SIGNATURE) this.#readSignature(this.#verifier, value);
    else this.#keepTrailer(name, value);
  }

  #keepTrailer(name: string, value: string): void {
    if (this.trailers.has(name)) malformed(`The trailer ${name} came twice.`);
    if (this.trailers.size >= MAX_TRAILERS) malformed('There are too many trailers.');
    this.trailers.set(name, value);
  }

  #readSignature(verifier: ChunkVerifier, signature: string): void {
    if (this.trailers.size === 0) malformed('There is a trailer signature, but no trailer.');
    verifier.verifyTrailers(this.trailers, signature);
    this.#state = 'signed-end';
  }
}

/** Not from the Node.js pool: a few long-lived bytes would keep 64 KiB of it in memory. */
function copyOf(bytes: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(copy);
  return copy;
}

function malformed(message: string): never {
  throw new Failure('malformed_trailer', message);
}

/** Size of the written chunks, in bytes; that of AWS's command line client. */
const WRITTEN_CHUNK = 1024 * 1024;

/**
 * Writes the same coding. The object's length is known, and the lengths of all chunks follow from it. The bytes pass as they
 * arrive, and the length of the coded body is known before the first byte.
 */
export class AwsChunkedEncoder {
  readonly #emit: (bytes: Buffer) => void;
  #objectLeft: number;
  #chunkLeft = 0;

  constructor(objectLength: number, emit: (bytes: Buffer) => void) {
    this.#objectLeft = objectLength;
    this.#emit = emit;
  }

  /** Content-Length of the coded body, in bytes. */
  static encodedLength(objectLength: number, trailerName: string, trailerValueLength: number): number {
    const whole = Math.floor(objectLength / WRITTEN_CHUNK);
    const rest = objectLength % WRITTEN_CHUNK;
    const framed = (size: number): number => size.toString(16).length + 2 + size + 2;
    const trailer = trailerName.length + 1 + trailerValueLength + 2;
    return whole * framed(WRITTEN_CHUNK) + (rest > 0 ? framed(rest) : 0) + '0\r\n'.length + trailer + 2;
  }

  write(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; ) {
      if (this.#chunkLeft === 0) this.#openChunk();
      const end = Math.min(bytes.length, at + this.#chunkLeft);
      this.#chunkLeft -= end - at;
      this.#objectLeft -= end - at;
      this.#emit(bytes.subarray(at, end));
      if (this.#chunkLeft === 0) this.#emit(Buffer.from('\r\n', 'latin1'));
      at = end;
    }
  }

  end(trailerName: string, trailerValue: string): void {
    this.#emit(Buffer.from(`0\r\n${trailerName}:${trailerValue}\r\n\r\n`, 'latin1'));
  }

  #openChunk(): void {
    this.#chunkLeft = Math.min(WRITTEN_CHUNK, this.#objectLeft);
    if (this.#chunkLeft === 0) throw new RangeError('more bytes than the declared object length');
    this.#emit(Buffer.from(`${this.#chunkLeft.toString(16)}\r\n`, 'latin1'));
  }
}
