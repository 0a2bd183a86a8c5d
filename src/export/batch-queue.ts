/**
 * The queue on the main thread. Items are encoded in chunks into the open batch; batches go to the exporter thread when they are
 * full or old enough. Bounded in items and in bytes: everything without a result counts, in either thread.
 */

import { ByteWriter, TooLarge } from '../kit/byte-writer.ts';
import { BatchMemory, SEAL_BYTES } from './batch-memory.ts';
import type { DropReason } from './drop-reason.ts';
import type { ExportCounts } from './export-counts.ts';
import type { Batch } from './messages.ts';

/** Where batches go. */
export interface BatchTarget {
  send(batch: Batch): void;
}

/** Counts the items that the queue drops. Must not throw. */
export interface BatchEvents {
  refused(reason: DropReason): void;
  /** An accepted item could not be encoded, or was too large. */
  spoiled(reason: DropReason): void;
}

export interface BatchLimits {
  /** Most items without a result. */
  readonly maxQueueSize: number;
  /** Most bytes without a result. */
  readonly maxQueueBytes: number;
  /** Most items of a batch. */
  readonly maxBatchSize: number;
  /** Age at which an open batch is sent. */
  readonly delayMillis: number;
}

/** Writes one item as field 2 of its scope. */
export interface ItemEncoder<Item> {
  /** @throws TooLarge; then a part of the item has been written. */
  encode(out: ByteWriter, item: Item): void;
}

/** What one item may add to a batch at most. */
const MAX_ITEM_BYTES = 1024 * 1024;

/** Items that are encoded in one go: enough for the code to be warm, few enough for them to be in the processor's cache still. */
const CHUNK_ITEMS = 16;

export interface BatchParts<Item> {
  readonly counts: ExportCounts;
  readonly encoder: ItemEncoder<Item>;
  readonly target: BatchTarget;
  readonly events: BatchEvents;
}

export class BatchQueue<Item> {
  readonly #limits: BatchLimits;
  readonly #counts: ExportCounts;
  readonly #encoder: ItemEncoder<Item>;
  readonly #target: BatchTarget;
  readonly #events: BatchEvents;
  readonly #memory: BatchMemory;
  readonly #writer: ByteWriter;
  /** Not encoded: the first `#freshCount`. Always the same array, docs/decisions/short-lived-entries.md. */
  readonly #fresh: (Item | undefined)[] = [];
  #freshCount = 0;
  /** Encoded into the open batch. */
  #openItems = 0;
  readonly #chunk: number;
  /** Bytes in batches that were sent and have no result, by batch. */
  readonly #sent = new Map<number, number>();
  #sentBytes = 0;
  #lastId = 0;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(limits: BatchLimits, { counts, encoder, target, events }: BatchParts<Item>) {
    this.#limits = limits;
    this.#counts = counts;
    this.#encoder = encoder;
    this.#target = target;
    this.#events = events;
    this.#chunk = Math.min(CHUNK_ITEMS, limits.maxBatchSize);
    this.#memory = new BatchMemory(limits.maxBatchSize);
    this.#writer = new ByteWriter(this.#memory.size, SEAL_BYTES + MAX_ITEM_BYTES);
  }

  /** Never throws: items without room are counted. */
  add(item: Item): void {
    const refused = this.#closed ? 'shutdown' : this.#isFull() ? 'queue_full' : undefined;
    if (refused !== undefined) {
      this.#events.refused(refused);
      return;
    }
    this.#counts.enqueue();
    this.#fresh[this.#freshCount++] = item;
    if (this.#freshCount >= this.#chunk) this.#encodeFresh();
    if (this.#freshCount + this.#openItems > 0) {
      this.#timer ??= setTimeout(() => this.flush(), this.#limits.delayMillis).unref();
    }
  }

  /** Sends all items now. */
  flush(): void {
    this.#encodeFresh();
    this.#seal();
  }

  /** A batch has left the queue; the ledger counts its items. */
  settled(id: number, memory?: ArrayBuffer): void {
    this.#sentBytes -= this.#sent.get(id) ?? 0;
    this.#sent.delete(id);
    if (memory !== undefined) this.#memory.give(memory);
  }

  /** Sends all items, and accepts no more. */
  close(): void {
    this.flush();
    this.#closed = true;
  }

  #encodeFresh(): void {
    const count = this.#freshCount;
    this.#freshCount = 0;
    for (let i = 0; i < count; i++) {
      const spoiled = this.#hasBytes() ? this.#encode(this.#fresh[i]!) : 'queue_full';
      this.#fresh[i] = undefined;
      if (spoiled !== undefined) this.#events.spoiled(spoiled);
      else if (++this.#openItems >= this.#limits.maxBatchSize || this.#writer.length >= SEAL_BYTES) this.#seal();
    }
  }

  #encode(item: Item): DropReason | undefined {
    const before = this.#writer.length;
    try {
      this.#encoder.encode(this.#writer, item);
      return undefined;
    } catch (error) {
      this.#writer.length = before;
      return error instanceof TooLarge ? 'too_large' : 'unencodable';
    }
  }

  #seal(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#openItems === 0) return;
    const batch = { id: ++this.#lastId, items: this.#openItems, bytes: this.#writer.take(() => this.#memory.take()) };
    this.#openItems = 0;
    const held = batch.bytes.buffer.byteLength;
    this.#sent.set(batch.id, held);
    this.#sentBytes += held;
    this.#target.send(batch);
  }

  #isFull(): boolean {
    return this.#counts.queued >= this.#limits.maxQueueSize || !this.#hasBytes();
  }

  #hasBytes(): boolean {
    return this.#sentBytes + this.#writer.length < this.#limits.maxQueueBytes;
  }
}
