/** One part while it is filled and until the store has it: blocks of the pool, no more of them than are reserved. */
import { BLOCK_BYTES, type BlockPool } from '../../kit/block-pool.ts';

export class Part {
  readonly #pool: BlockPool;
  readonly #mostBlocks: number;
  readonly #blocks: Buffer[] = [];
  #reserved: number;
  #length = 0;

  /** @param reserved blocks, which are the part's from now on. */
  constructor(pool: BlockPool, reserved: number, mostBytes: number) {
    this.#pool = pool;
    this.#reserved = reserved;
    this.#mostBlocks = Math.max(reserved, Math.floor(mostBytes / BLOCK_BYTES));
  }

  /** Bytes. */
  get length(): number {
    return this.#length;
  }

  /** The bytes, for as long as the part is not freed. */
  get pieces(): readonly Buffer[] {
    const rest = this.#length % BLOCK_BYTES;
    return rest === 0 ? this.#blocks : [...this.#blocks.slice(0, -1), this.#blocks.at(-1)!.subarray(0, rest)];
  }

  /** Copies what there is room for. @returns how many bytes that was: 0 if the part is full, or memory is short. */
  write(bytes: Buffer): number {
    const room = this.#room();
    if (room === undefined) return 0;
    const taken = bytes.copy(room);
    this.#length += taken;
    return taken;
  }

  /** @param reusable whether nobody can be reading the bytes any more: not so if a request with them was broken off. */
  free(reusable: boolean): void {
    if (reusable) for (const block of this.#blocks) this.#pool.give(block);
    this.#blocks.length = 0;
    this.#pool.release(this.#reserved);
    this.#reserved = 0;
  }

  #room(): Buffer | undefined {
    const used = this.#length % BLOCK_BYTES;
    if (used > 0) return this.#blocks.at(-1)!.subarray(used);
    if (this.#blocks.length === this.#reserved && !this.#grow()) return undefined;
    const block = this.#pool.take();
    this.#blocks.push(block);
    return block;
  }

  #grow(): boolean {
    if (this.#reserved >= this.#mostBlocks || !this.#pool.tryReserve(1)) return false;
    this.#reserved++;
    return true;
  }
}
