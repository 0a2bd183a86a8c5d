/**
 * Separates a file from the rest of its form: the first delimiter ends the file, wherever it begins. Bytes that may be part of
 * a delimiter are withheld until the next ones tell. The file is complete only when `end` has returned.
 */
import type { Boundary } from './boundary.ts';
import { checkTail, MAX_TAIL } from './form-tail.ts';
import { formRefused } from './refusals.ts';

const CR = 0x0d;

export class FileScanner {
  readonly #boundary: Boundary;
  /** Bytes that the file can still have. */
  #left: number;
  readonly #emit: (bytes: Buffer) => void;
  /** How many bytes of a delimiter the file ended with so far; as a delimiter has one CR, no two can overlap. */
  #matched = 0;
  /** What came after the file; undefined before. */
  #tail: Buffer | undefined;
  #tailLength = 0;

  /**
   * @param most bytes that the file can have in a form of this length.
   * @param emit is given the file's bytes: views into what was written or into the delimiter, never copies.
   */
  constructor(boundary: Boundary, most: number, emit: (bytes: Buffer) => void) {
    this.#boundary = boundary;
    this.#left = most;
    this.#emit = emit;
  }

  /** @throws Failure form_refused where more follows the file than is accepted. */
  write(bytes: Buffer): void {
    if (this.#tail !== undefined) this.#keepTail(bytes);
    else this.#takeFile(this.#matched === 0 ? bytes : this.#continueMatch(bytes));
  }

  /** The body has ended. @throws Failure form_refused where it is not the end of a form. */
  end(): void {
    if (this.#tail === undefined) throw formRefused('no_end');
    checkTail(this.#tail.subarray(0, this.#tailLength), this.#boundary);
  }

  /** @returns the bytes that are still to be searched. */
  #continueMatch(bytes: Buffer): Buffer {
    const { delimiter } = this.#boundary;
    const matched = this.#matched;
    const more = bytes.subarray(0, delimiter.length - matched);
    if (!delimiter.subarray(matched, matched + more.length).equals(more)) {
      this.#matched = 0;
      this.#give(delimiter.subarray(0, matched));
      return bytes;
    }
    this.#matched += more.length;
    if (this.#matched === delimiter.length) this.#beginTail(bytes.subarray(more.length));
    return bytes.subarray(bytes.length);
  }

  #takeFile(bytes: Buffer): void {
    if (bytes.length === 0) return;
    const { delimiter } = this.#boundary;
    const found = bytes.indexOf(delimiter);
    const end = found < 0 ? this.#beginOfMatch(bytes) : found;
    if (end > 0) this.#give(bytes.subarray(0, end));
    if (found < 0) this.#matched = bytes.length - end;
    else this.#beginTail(bytes.subarray(found + delimiter.length));
  }

  #give(bytes: Buffer): void {
    this.#left -= bytes.length;
    if (this.#left < 0) throw formRefused('no_end');
    this.#emit(bytes);
  }

  /** Where a delimiter may have begun that the bytes do not complete; their length if none has. */
  #beginOfMatch(bytes: Buffer): number {
    const { delimiter } = this.#boundary;
    const last = bytes.subarray(1 - delimiter.length).lastIndexOf(CR);
    if (last < 0) return bytes.length;
    const begin = Math.max(0, bytes.length - delimiter.length + 1) + last;
    const rest = bytes.subarray(begin);
    return delimiter.subarray(0, rest.length).equals(rest) ? begin : bytes.length;
  }

  #beginTail(bytes: Buffer): void {
    this.#tail = Buffer.allocUnsafe(MAX_TAIL);
    this.#keepTail(bytes);
  }

  #keepTail(bytes: Buffer): void {
    if (this.#tailLength + bytes.length > MAX_TAIL) throw formRefused('tail_too_large');
    this.#tailLength += bytes.copy(this.#tail as Buffer, this.#tailLength);
  }
}
