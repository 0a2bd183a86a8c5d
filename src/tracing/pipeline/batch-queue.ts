/**
 * The queue on the main thread: spans that have ended are encoded, some at once, into the batch that is open, and batches go to the
 * exporter thread when they are full or old enough. Bounded in spans and in bytes, and everything that is not settled counts,
 * wherever it is.
 */
import { ByteWriter, TooLarge } from '../recorder/byte-writer.ts';
import type { RecordingSpan, SpanSink } from '../recorder/recording-span.ts';
import type { SpanEncoder } from '../recorder/span-encoder.ts';
import { BatchMemory, SEAL_BYTES } from './batch-memory.ts';
import type { DropReason } from './drop-reason.ts';
import type { Figures } from './figures.ts';
import type { Batch } from './messages.ts';

/** Where batches go. */
export interface BatchTarget {
  send(batch: Batch): void;
}

/** Who counts the spans that the queue does not take. Must not throw. */
export interface BatchEvents {
  refused(reason: DropReason): void;
  /** A span that had been taken could not be encoded, or was too much. */
  spoiled(reason: DropReason): void;
}

export interface BatchLimits {
  /** Most spans that are not settled. */
  readonly maxQueueSize: number;
  /** Most bytes that are not settled. */
  readonly maxQueueBytes: number;
  /** Most spans of a batch. */
  readonly maxBatchSize: number;
  /** Age at which an open batch is sent. */
  readonly delayMillis: number;
}

/** What one span may add to a batch at most. */
export const MAX_SPAN_BYTES = 1024 * 1024;

/** Spans that are encoded in one go: enough for the code to be warm, few enough for them to be in the processor's cache still. */
const CHUNK_SPANS = 16;

export interface BatchParts {
  readonly figures: Figures;
  readonly encoder: SpanEncoder;
  readonly target: BatchTarget;
  readonly events: BatchEvents;
}

export class BatchQueue implements SpanSink {
  readonly #limits: BatchLimits;
  readonly #figures: Figures;
  readonly #encoder: SpanEncoder;
  readonly #target: BatchTarget;
  readonly #events: BatchEvents;
  readonly #memory: BatchMemory;
  readonly #writer: ByteWriter;
  /** Ended and not encoded: the first `#freshCount`. Always the same array, docs/decisions/short-lived-entries.md. */
  readonly #fresh: (RecordingSpan | undefined)[] = [];
  #freshCount = 0;
  /** Encoded into the open batch. */
  #openSpans = 0;
  readonly #chunk: number;
  /** Bytes in batches that were sent and are not settled, by batch. */
  readonly #sent = new Map<number, number>();
  #sentBytes = 0;
  #lastId = 0;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(limits: BatchLimits, { figures, encoder, target, events }: BatchParts) {
    this.#limits = limits;
    this.#figures = figures;
    this.#encoder = encoder;
    this.#target = target;
    this.#events = events;
    this.#chunk = Math.min(CHUNK_SPANS, limits.maxBatchSize);
    this.#memory = new BatchMemory(limits.maxBatchSize);
    this.#writer = new ByteWriter(this.#memory.size, SEAL_BYTES + MAX_SPAN_BYTES);
  }

  /** Never throws: what cannot be kept is counted. */
  ended(span: RecordingSpan): void {
    const refused = this.#closed ? 'shutdown' : this.#isFull() ? 'queue_full' : undefined;
    if (refused !== undefined) {
      this.#events.refused(refused);
      return;
    }
    this.#figures.enqueue();
    this.#fresh[this.#freshCount++] = span;
    if (this.#freshCount >= this.#chunk) this.#encodeFresh();
    if (this.#freshCount + this.#openSpans > 0) {
      this.#timer ??= setTimeout(() => this.flush(), this.#limits.delayMillis).unref();
    }
  }

  /** Sends what there is now. */
  flush(): void {
    this.#encodeFresh();
    this.#seal();
  }

  /** A batch has left the queue; its spans are counted by whoever knows what became of them. */
  settled(id: number, memory?: ArrayBuffer): void {
    this.#sentBytes -= this.#sent.get(id) ?? 0;
    this.#sent.delete(id);
    if (memory !== undefined) this.#memory.give(memory);
  }

  /** Sends what there is, and takes no more. */
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
      else if (++this.#openSpans >= this.#limits.maxBatchSize || this.#writer.length >= SEAL_BYTES) this.#seal();
    }
  }

  #encode(span: RecordingSpan): DropReason | undefined {
    const before = this.#writer.length;
    try {
      this.#encoder.encode(this.#writer, span);
      return undefined;
    } catch (error) {
      this.#writer.length = before;
      return error instanceof TooLarge ? 'too_large' : 'unencodable';
    }
  }

  #seal(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#openSpans === 0) return;
    const batch = { id: ++this.#lastId, spans: this.#openSpans, bytes: this.#writer.take(() => this.#memory.take()) };
    this.#openSpans = 0;
    const held = batch.bytes.buffer.byteLength;
    this.#sent.set(batch.id, held);
    this.#sentBytes += held;
    this.#target.send(batch);
  }

  #isFull(): boolean {
    return this.#figures.queued >= this.#limits.maxQueueSize || !this.#hasBytes();
  }

  #hasBytes(): boolean {
    return this.#sentBytes + this.#writer.length < this.#limits.maxQueueBytes;
  }
}
