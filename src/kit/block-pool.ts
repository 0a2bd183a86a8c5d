/**
 * Memory for bytes that must be kept for a while, in blocks of 1 MiB, with a limit over all who use it. Blocks are reserved
 * before they are filled, so that whoever has begun can go on; who cannot have enough waits in line, or does without. Blocks
 * that were used once are kept for the next: to have them made anew each time took as much CPU again as all else that is done
 * with a byte.
 */

/** Bytes. */
export const BLOCK_BYTES = 1024 * 1024;

interface Waiting {
  readonly count: number;
  readonly go: () => void;
}

export class BlockPool {
  readonly #limit: number;
  readonly #free: Buffer[] = [];
  #line: Waiting[] = [];
  #reserved = 0;

  /** @param limitBytes rounded down to whole blocks. */
  constructor(limitBytes: number) {
    this.#limit = Math.floor(limitBytes / BLOCK_BYTES);
  }

  get limitBytes(): number {
    return this.#limit * BLOCK_BYTES;
  }

  get reservedBytes(): number {
    return this.#reserved * BLOCK_BYTES;
  }

  /** How many wait for a reservation. */
  get waiting(): number {
    return this.#line.length;
  }

  /** Whether a reservation would be granted at once. */
  canReserve(count: number): boolean {
    return this.#line.length === 0 && this.#reserved + count <= this.#limit;
  }

  /** Nobody is overtaken: it fails while others wait. @returns whether so many blocks are the caller's now. */
  tryReserve(count: number): boolean {
    if (!this.canReserve(count)) return false;
    this.#reserved += count;
    return true;
  }

  /**
   * Waits for its turn. @throws what the signal was aborted with.
   * @param count at most the limit; more would wait for ever, and so is a RangeError.
   */
  async reserve(count: number, signal: AbortSignal): Promise<void> {
    if (count > this.#limit) throw new RangeError(`${count} blocks are more than the ${this.#limit} that there are`);
    signal.throwIfAborted();
    if (this.tryReserve(count)) return;
    await new Promise<void>((resolve, reject) => {
      const go = (): void => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      const waiting: Waiting = { count, go };
      const leave = (): void => {
        this.#line = this.#line.filter((other) => other !== waiting);
        this.#serve();
        reject(signal.reason);
      };
      signal.addEventListener('abort', leave, { once: true });
      this.#line.push(waiting);
    });
  }

  release(count: number): void {
    this.#reserved -= count;
    this.#serve();
  }

  /** Memory for a block that was reserved; what is in it is anybody's. */
  take(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES);
  }

  /** Takes memory back that nobody reads or writes any more. */
  give(block: Buffer): void {
    if (this.#free.length < this.#limit) this.#free.push(block);
  }

  #serve(): void {
    for (let next = this.#line[0]; next !== undefined; next = this.#line[0]) {
      if (this.#reserved + next.count > this.#limit) return;
      this.#line.shift();
      this.#reserved += next.count;
      next.go();
    }
  }
}
