/**
 * Takes a file out of the rest of a form: so many bytes, and then its closing delimiter, exactly. What would be a further
 * part is found wherever it begins. The last piece is held back until the end of the form has been seen, so that whoever
 * gets the pieces does not get all of a file whose form is broken.
 */
import type { Boundary } from './boundary.ts';
import { formRefused } from './refusals.ts';

export class FileScanner {
  readonly #boundary: Boundary;
  readonly #length: number;
  readonly #emit: (bytes: Buffer) => void;
  #seen = 0;
  #held: Buffer | undefined;
  /** The file's last bytes so far, fewer than a delimiter has: one may have begun there. Behind them is room for as many. */
  readonly #edge: Buffer;
  #edgeLength = 0;
  /** How much of the closing delimiter has come. */
  #closed = 0;

  /**
   * @param length of the file, in bytes.
   * @param emit is given the file's bytes: views into what was written, never copies.
   */
  constructor(boundary: Boundary, length: number, emit: (bytes: Buffer) => void) {
    this.#boundary = boundary;
    this.#length = length;
    this.#emit = emit;
    this.#edge = Buffer.allocUnsafeSlow(2 * (boundary.delimiter.length - 1));
  }

  /**
   * @returns whether the form is over, and all of the file emitted.
   * @throws Failure form_refused as soon as the form cannot be right any more.
   */
  write(bytes: Buffer): boolean {
    const file = bytes.subarray(0, this.#length - this.#seen);
    if (file.length > 0) this.#takeFile(file);
    return this.#takeClosing(bytes.subarray(file.length));
  }

  #takeFile(file: Buffer): void {
    this.#seen += file.length;
    this.#refuseDelimiter(file);
    if (this.#held !== undefined) this.#emit(this.#held);
    this.#held = file;
  }

  /** None can begin in the file and end after it: a CRLF stands at its beginning only. */
  #refuseDelimiter(file: Buffer): void {
    const { delimiter } = this.#boundary;
    const reach = delimiter.length - 1;
    const across = this.#edge.subarray(0, this.#edgeLength + file.copy(this.#edge, this.#edgeLength, 0, reach));
    if (across.includes(delimiter) || file.includes(delimiter)) throw formRefused('after_file');
    this.#edgeLength = (file.length >= reach ? file : across).subarray(-reach).copy(this.#edge);
  }

  #takeClosing(bytes: Buffer): boolean {
    const { closing } = this.#boundary;
    if (!closing.subarray(this.#closed, this.#closed + bytes.length).equals(bytes)) throw formRefused('no_end');
    this.#closed += bytes.length;
    if (this.#closed < closing.length) return false;
    if (this.#held !== undefined) this.#emit(this.#held);
    this.#held = undefined;
    return true;
  }
}
