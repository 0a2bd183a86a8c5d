/**
 * A pool of buffers. Allocating a new buffer each time cost as much CPU as all other work on a byte. The caller limits the
 * memory in use; the pool keeps free buffers within the same limit.
 */
export class BlockPool {
  readonly #limit: number;
  readonly #free = new Map<number, Buffer[]>();
  /** Bytes of all blocks, in use and free. */
  #bytes = 0;

  /** @param limitBytes of used and free blocks together, unless the used blocks alone exceed it. */
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

  /** @param block that is no longer read or written. */
  give(block: Buffer): void {
    const free = this.#free.get(block.length);
    if (free === undefined) this.#free.set(block.length, [block]);
    else free.push(block);
  }

  /** @param block that is not reused, because it may still be read. */
  drop(block: Buffer): void {
    this.#bytes -= block.length;
  }

  #makeRoom(size: number): void {
    for (const [freeSize, free] of this.#free) {
      while (this.#bytes + size > this.#limit && free.pop() !== undefined) this.#bytes -= freeSize;
    }
  }
}
