/**
 * The `aws-chunked` content coding with an unsigned trailer (x-amz-content-sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER):
 *
 *     <hex size>CRLF <bytes> CRLF … 0 CRLF <trailer name>:<value> CRLF CRLF
 *
 * A decoder that takes the bytes as they come, in any pieces, and holds none of them; and the same form written again.
 * Amazon S3 API Reference, "Transferring payload in multiple chunks (chunked upload)".
 */
import { Failure } from '../domain/failure.ts';

const MAX_LINE = 1024;
const MAX_TRAILERS = 8;
const CHUNK_LINE = /^[0-9A-Fa-f]{1,15}$/;
const TRAILER_LINE = /^([A-Za-z0-9-]+):[ \t]*([\x21-\x7e]*)[ \t]*$/;
const CR = 13;
const LF = 10;

type State = 'size' | 'data' | 'data-end' | 'trailer' | 'done';

export class AwsChunkedDecoder {
  /** Trailer headers, lower-case names; complete once `end` has returned. */
  readonly trailers = new Map<string, string>();
  #state: State = 'size';
  #left = 0;
  #line = '';
  readonly #emit: (bytes: Buffer) => void;

  /** @param emit is given the decoded bytes: views into what was written, never copies. */
  constructor(emit: (bytes: Buffer) => void) {
    this.#emit = emit;
  }

  /** @throws Failure invalid_chunk or malformed_trailer as soon as the framing is broken. */
  write(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length) {
      at = this.#state === 'data' ? this.#takeData(bytes, at) : this.#takeLine(bytes, at);
    }
  }

  /** @throws Failure incomplete_body if the final chunk or the end of its trailer has not come. */
  end(): void {
    if (this.#state !== 'done') {
      throw new Failure('incomplete_body', 'The aws-chunked body ended before its final chunk.');
    }
  }

  #takeData(bytes: Buffer, at: number): number {
    const end = Math.min(bytes.length, at + this.#left);
    this.#left -= end - at;
    if (this.#left === 0) this.#state = 'data-end';
    this.#emit(at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end));
    return end;
  }

  #takeLine(bytes: Buffer, at: number): number {
    if (this.#state === 'done')
      throw new Failure('invalid_chunk', 'There are bytes after the end of the aws-chunked body.');
    const lf = bytes.indexOf(LF, at);
    const end = lf < 0 ? bytes.length : lf + 1;
    if (this.#line.length + end - at > MAX_LINE)
      throw new Failure('invalid_chunk', 'A chunk line is longer than 1 KiB.');
    this.#line += bytes.toString('latin1', at, end);
    if (lf < 0) return end;
    const line = this.#line;
    this.#line = '';
    if (line.charCodeAt(line.length - 2) !== CR)
      throw new Failure('invalid_chunk', 'A chunk line does not end in CRLF.');
    this.#understand(line.slice(0, -2));
    return end;
  }

  #understand(line: string): void {
    if (this.#state === 'data-end') {
      if (line !== '') throw new Failure('invalid_chunk', 'A chunk is longer than its size says.');
      this.#state = 'size';
    } else if (this.#state === 'size') {
      if (!CHUNK_LINE.test(line)) throw new Failure('invalid_chunk', 'A chunk size is not a hexadecimal number.');
      this.#left = Number.parseInt(line, 16);
      this.#state = this.#left === 0 ? 'trailer' : 'data';
    } else if (line === '') {
      this.#state = 'done';
    } else {
      this.#takeTrailer(line);
    }
  }

  #takeTrailer(line: string): void {
    const match = TRAILER_LINE.exec(line);
    const name = match?.[1]?.toLowerCase();
    if (match === null || name === undefined) throw new Failure('malformed_trailer', 'A trailer line is malformed.');
    if (this.trailers.has(name)) throw new Failure('malformed_trailer', `The trailer ${name} came twice.`);
    if (this.trailers.size >= MAX_TRAILERS) throw new Failure('malformed_trailer', 'There are too many trailers.');
    this.trailers.set(name, match[2]!);
  }
}

/** Size of the chunks that we write, in bytes; what AWS's own command line client uses. */
const WRITTEN_CHUNK = 1024 * 1024;

/**
 * Writes the same coding. The lengths of all chunks follow from the object's length, which is known beforehand, so the
 * bytes pass as they come and the length of the whole is known before the first.
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
