/**
 * Collects chunks into one buffer. Each chunk has an overhead of some hundred bytes, so chunks are copied into a buffer that
 * doubles up to its limit. A single chunk is not copied.
 */

export class BoundedBuffer {
  readonly #limit: number;
  #memory: Buffer | undefined;
  #length = 0;

  /** @param limit in bytes. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The number of buffered bytes. */
  get length(): number {
    return this.#length;
  }

  /** The buffered bytes: a view that is valid until the next `add`. */
  get bytes(): Buffer {
    return this.#memory?.subarray(0, this.#length) ?? NOTHING;
  }

  /** @returns whether the chunk fit; if not, none of it is added. */
  add(piece: Buffer): boolean {
    const length = this.#length + piece.length;
    if (length > this.#limit) return false;
    if (this.#memory === undefined) this.#memory = piece;
    else this.#append(this.#memory, piece, length);
    this.#length = length;
    return true;
  }

  clear(): void {
    this.#memory = undefined;
    this.#length = 0;
  }

  #append(memory: Buffer, piece: Buffer, length: number): void {
    // The first chunk belongs to the caller, so it has no free space.
    const target = length <= memory.length ? memory : this.#grown(memory, length);
    piece.copy(target, this.#length);
    this.#memory = target;
  }

  /** Not from the Node.js pool: a few long-lived bytes would keep 64 KiB of it in memory. */
  #grown(memory: Buffer, length: number): Buffer {
    const grown = Buffer.allocUnsafeSlow(Math.min(this.#limit, Math.max(length, 2 * memory.length)));
    memory.copy(grown, 0, 0, this.#length);
    return grown;
  }
}

const NOTHING = Buffer.alloc(0);
