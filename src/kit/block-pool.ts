/**
 * Buffers that are used again. Allocating them anew each time cost as much CPU as all other work on a byte. The caller decides
 * how much memory is in use; this pool only makes sure that unused buffers do not come on top of that.
 */
export class BlockPool {
  readonly #limit: number;
  readonly #free = new Map<number, Buffer[]>();
  /** Bytes of all blocks, in use and free. */
  #bytes = 0;

  /** @param limitBytes of blocks in use and free blocks together, as long as the blocks in use do not exceed it. */
  constructor(limitBytes: number) {
    this.#limit = limitBytes;
  }

  /** The content of the buffer is undefined. @param size in bytes. */
  take(size: number): Buffer {
    const kept = this.#free.get(size)?.pop();
    if (kept !== undefined) return kept;
    this.#makeRoom(size);
    this.#bytes += size;
    return Buffer.allocUnsafeSlow(size);
  }

  /** @param block that nothing reads or writes any more. */
  give(block: Buffer): void {
    const free = this.#free.get(block.length);
    if (free === undefined) this.#free.set(block.length, [block]);
    else free.push(block);
  }

  /** @param block that is never used again, because something may still read it. */
  drop(block: Buffer): void {
    this.#bytes -= block.length;
  }

  #makeRoom(size: number): void {
    for (const [freeSize, free] of this.#free) {
      while (this.#bytes + size > this.#limit && free.pop() !== undefined) this.#bytes -= freeSize;
    }
  }
}
