/** The body of an HTTP response: of bounded size, its content codings decoded. */
import { BoundedBuffer } from './bounded-buffer.ts';
import { decodeContent } from './decode-content.ts';

export class ResponseBody {
  readonly #limit: number;
  readonly #received: BoundedBuffer;

  /** @param limit in bytes, before and after decoding. */
  constructor(limit: number) {
    this.#limit = limit;
    this.#received = new BoundedBuffer(limit);
  }

  /** Bytes received. */
  get length(): number {
    return this.#received.length;
  }

  /** @returns false if the body is too large. */
  add(bytes: Buffer): boolean {
    return this.#received.add(bytes);
  }

  /** The first bytes as received, one character each. */
  start(length: number): string {
    return this.#received.bytes.toString('latin1', 0, length);
  }

  /** @param codings value of Content-Encoding; undefined where there is none. @throws UndecodableContent */
  text(codings: string | undefined): string {
    return decodeContent(this.#received.bytes, codings, this.#limit).toString('utf8');
  }
}
