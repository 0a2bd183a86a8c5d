/**
 * Separates a file from the rest of its form: the first delimiter ends the file. Bytes that may belong to a delimiter are
 * withheld until more bytes arrive. The file is complete only when `end` has returned.
 */
import type { Boundary } from './boundary.ts';
import { checkTail, MAX_TAIL } from './form-tail.ts';
import { formRefused } from './refusals.ts';

const CR = 0x0d;

export class FileScanner {
  readonly #boundary: Boundary;
  /** Maximum number of remaining bytes of the file. */
  #left: number;
  readonly #emit: (bytes: Buffer) => void;
  /** The number of matched delimiter bytes at the end of the data. A delimiter has one CR, so two matches cannot overlap. */
  #matched = 0;
  /** The bytes after the file; undefined before its end. */
  #tail: Buffer | undefined;
  #tailLength = 0;

  /**
   * @param most maximum size of the file in a form of this length.
   * @param emit receives the bytes of the file: views into the written bytes or the delimiter, never copies.
   */
  constructor(boundary: Boundary, most: number, emit: (bytes: Buffer) => void) {
    this.#boundary = boundary;
    this.#left = most;
    this.#emit = emit;
  }

  /** @throws Failure form_refused if too many bytes follow the file. */
  write(bytes: Buffer): void {
    if (this.#tail !== undefined) this.#addToTail(bytes);
    else this.#scanFile(this.#matched === 0 ? bytes : this.#continueMatch(bytes));
  }

  /** The body has ended. @throws Failure form_refused if the form is incomplete. */
  end(): void {
    if (this.#tail === undefined) throw formRefused('no_end');
    checkTail(this.#tail.subarray(0, this.#tailLength), this.#boundary);
  }

  /** @returns the bytes that remain to be searched. */
  #continueMatch(bytes: Buffer): Buffer {
    const { delimiter } = this.#boundary;
    const matched = this.#matched;
    const more = bytes.subarray(0, delimiter.length - matched);
    if (!delimiter.subarray(matched, matched + more.length).equals(more)) {
      this.#matched = 0;
      this.#emitBytes(delimiter.subarray(0, matched));
      return bytes;
    }
    this.#matched += more.length;
    if (this.#matched === delimiter.length) this.#startTail(bytes.subarray(more.length));
    return bytes.subarray(bytes.length);
  }

  #scanFile(bytes: Buffer): void {
    if (bytes.length === 0) return;
    const { delimiter } = this.#boundary;
    const found = bytes.indexOf(delimiter);
    const end = found < 0 ? this.#startOfMatch(bytes) : found;
    if (end > 0) this.#emitBytes(bytes.subarray(0, end));
    if (found < 0) this.#matched = bytes.length - end;
    else this.#startTail(bytes.subarray(found + delimiter.length));
  }

  #emitBytes(bytes: Buffer): void {
    this.#left -= bytes.length;
    if (this.#left < 0) throw formRefused('no_end');
    this.#emit(bytes);
  }

  /** The start of an incomplete delimiter at the end of the bytes; their length if there is none. */
  #startOfMatch(bytes: Buffer): number {
    const { delimiter } = this.#boundary;
    const last = bytes.subarray(1 - delimiter.length).lastIndexOf(CR);
    if (last < 0) return bytes.length;
    const start = Math.max(0, bytes.length - delimiter.length + 1) + last;
    const rest = bytes.subarray(start);
    return delimiter.subarray(0, rest.length).equals(rest) ? start : bytes.length;
  }

  #startTail(bytes: Buffer): void {
    this.#tail = Buffer.allocUnsafe(MAX_TAIL);
    this.#addToTail(bytes);
  }

  #addToTail(bytes: Buffer): void {
    if (this.#tailLength + bytes.length > MAX_TAIL) throw formRefused('tail_too_large');
    this.#tailLength += bytes.copy(this.#tail as Buffer, this.#tailLength);
  }
}
