/**
 * One part while it is filled and until the store has it. Its memory grows as bytes come: each block is as large as all before it,
 * from 64 KiB to 1 MiB. The first 64 KiB of an object do not count: each upload has
 * them for itself. Small objects of undeclared length therefore need no part memory.
 */
import type { MemoryShare, PartClaim, PartMemory } from './part-memory.ts';
import type { PartSize } from './part-size.ts';

/** Bytes. */
const SMALLEST_BLOCK = 64 * 1024;
const LARGEST_BLOCK = 1024 * 1024;
const SMALLEST_BUFFER = 4 * 1024;

export class Part {
  readonly #memory: PartMemory;
  readonly #size: PartSize;
  readonly #claim: PartClaim;
  /** Blocks that do not count as part memory: one or none. */
  readonly #own: number;
  readonly #blocks: Buffer[] = [];
  /** Bytes of all blocks. */
  #capacity = 0;
  #length = 0;
  /** Computed while the bytes arrived; undefined if it is still to be computed. */
  checksum: Promise<string | undefined> | string | undefined;

  constructor(memory: PartMemory, share: MemoryShare, size: PartSize, isFirst: boolean) {
    this.#memory = memory;
    this.#size = size;
    this.#own = isFirst ? 1 : 0;
    const leastBytes = size.leastBytes - this.#own * SMALLEST_BLOCK;
    this.#claim = { share, leastBytes, held: 0, used: 0, isSecured: false };
  }

  /** Bytes. */
  get length(): number {
    return this.#length;
  }

  /** Whether it can be sent although it is not the last one. */
  get isWhole(): boolean {
    return this.#length >= this.#size.leastBytes;
  }

  /** The bytes, for as long as the part is not freed. */
  get pieces(): readonly Buffer[] {
    const last = this.#blocks.at(-1);
    if (last === undefined) return [];
    return [...this.#blocks.slice(0, -1), last.subarray(0, last.length - (this.#capacity - this.#length))];
  }

  /** Copies what there is room for. @returns how many bytes that was: 0 if the part is full, or memory is short. */
  write(bytes: Buffer): number {
    const room = this.room(bytes.length);
    if (room === undefined) return 0;
    const taken = bytes.copy(room);
    this.filled(taken);
    return taken;
  }

  /**
   * Memory for the next bytes, which the caller then reports with `filled`.
   * @returns undefined if the part is full, or memory is short.
   */
  room(wanted: number): Buffer | undefined {
    if (this.#length === this.#capacity && !this.#grow(wanted)) return undefined;
    const last = this.#blocks.at(-1)!;
    return last.subarray(last.length - (this.#capacity - this.#length));
  }

  filled(bytes: number): void {
    this.#length += bytes;
  }

  /** Until there is room for more bytes. @throws Failure no_part_memory, or what the signal was aborted with. */
  waitForMemory(signal: AbortSignal): Promise<void> {
    return this.#memory.wait(this.#claim, this.#nextBlock, signal);
  }

  /** No more bytes will come. */
  seal(): void {
    this.#memory.seal(this.#claim);
  }

  /** @param isReusable whether nothing reads the bytes any more: not so if a request with them was aborted. */
  free(isReusable: boolean): void {
    const { blocks } = this.#memory;
    for (const block of this.#blocks.slice(this.#own)) {
      if (isReusable) blocks.give(block);
      else blocks.drop(block);
    }
    this.#blocks.length = 0;
    this.#capacity = this.#length = 0;
    this.#memory.release(this.#claim);
  }

  get #nextBlock(): number {
    return Math.min(LARGEST_BLOCK, Math.max(SMALLEST_BLOCK, this.#capacity));
  }

  #grow(wanted: number): boolean {
    if (this.#own > 0 && this.#capacity < SMALLEST_BLOCK) return this.#growOwn(wanted);
    const size = this.#nextBlock;
    if (this.#capacity + size > this.#size.mostBytes || !this.#memory.tryTake(this.#claim, size)) return false;
    this.#blocks.push(this.#memory.blocks.take(size));
    this.#capacity += size;
    return true;
  }

  /** Doubles it at least, so that pieces of any size cost time in proportion to their bytes. */
  #growOwn(wanted: number): true {
    const size = Math.max(SMALLEST_BUFFER, this.#capacity * 2, this.#capacity + wanted);
    const grown = Buffer.allocUnsafeSlow(Math.min(SMALLEST_BLOCK, size));
    this.#blocks[0]?.copy(grown);
    this.#blocks[0] = grown;
    this.#capacity = grown.length;
    return true;
  }
}
