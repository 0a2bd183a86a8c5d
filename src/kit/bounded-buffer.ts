/**
 * Bytes that arrive in pieces and are needed as a whole. A piece costs some hundred bytes of its own, whatever is in it, so
 * pieces are copied into one buffer, which grows by doubling up to its limit. What comes in a single piece is not copied.
 */

export class BoundedBuffer {
  readonly #limit: number;
  #memory: Buffer | undefined;
  #length = 0;

  /** @param limit in bytes. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Bytes that it holds. */
  get length(): number {
    return this.#length;
  }

  /** What it holds: a view that is good until the next `add`. */
  get bytes(): Buffer {
    return this.#memory?.subarray(0, this.#length) ?? NOTHING;
  }

  /** @returns whether there was room for the piece; if not, none of it is kept. */
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
    // A first piece has no room: it belongs to whoever gave it.
    const target = length <= memory.length ? memory : this.#grown(memory, length);
    piece.copy(target, this.#length);
    this.#memory = target;
  }

  /** Not from the pool of Node.js: a few bytes that are kept for long would keep 64 KiB of it. */
  #grown(memory: Buffer, length: number): Buffer {
    const grown = Buffer.allocUnsafeSlow(Math.min(this.#limit, Math.max(length, 2 * memory.length)));
    memory.copy(grown, 0, 0, this.#length);
    return grown;
  }
}

const NOTHING = Buffer.alloc(0);
