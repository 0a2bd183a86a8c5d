/** The descriptors that a thread has opened, in shared memory: they can be closed after its death. */

/** Pipes of all transfers, and a few more. */
const PLACES = 4096;

export const OWNED_BYTES = PLACES * Int32Array.BYTES_PER_ELEMENT;

export class OwnedDescriptors {
  /** Each is the descriptor plus 1; 0 is free. */
  readonly #places: Int32Array;

  constructor(shared: SharedArrayBuffer) {
    this.#places = new Int32Array(shared);
  }

  /** One that finds no place is not remembered. */
  add(fd: number): void {
    const place = this.#places.indexOf(0);
    if (place >= 0) this.#places[place] = fd + 1;
  }

  /** Before it is closed. */
  remove(fd: number): void {
    const place = this.#places.indexOf(fd + 1);
    if (place >= 0) this.#places[place] = 0;
  }

  get all(): number[] {
    return [...this.#places].filter((each) => each > 0).map((each) => each - 1);
  }
}
