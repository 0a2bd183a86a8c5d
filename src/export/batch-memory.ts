/**
 * The memory that batches are written into. It goes to the exporter thread with the batch and comes back with its result. New
 * memory for each batch would be filled with zeros first, and would trigger garbage collection in both threads.
 */

/** Size at which a batch is closed: collectors usually accept 4 MiB. */
export const SEAL_BYTES = 1024 * 1024;

/** More than the usual size of a span, which is 300 to 500 bytes. Log records and metrics are of the same order. */
const ITEM_BYTES = 512;
/** For the item that closes a batch, which may exceed its size: memory that grows is copied, and does not come back. */
const SLACK_BYTES = 16 * 1024;
const LEAST_BYTES = 64 * 1024;
/** One batch is on its way while the next is written, as a rule. */
const MOST_SPARE = 2;

export class BatchMemory {
  /** Bytes of one. */
  readonly size: number;
  readonly #spare: ArrayBuffer[] = [];

  /** @param items most of a batch. */
  constructor(items: number) {
    this.size = Math.min(SEAL_BYTES, Math.max(LEAST_BYTES, items * ITEM_BYTES)) + SLACK_BYTES;
  }

  take(): ArrayBuffer {
    return this.#spare.pop() ?? new ArrayBuffer(this.size);
  }

  /** @param memory that is not read any more. */
  give(memory: ArrayBuffer): void {
    if (memory.byteLength === this.size && this.#spare.length < MOST_SPARE) this.#spare.push(memory);
  }
}
