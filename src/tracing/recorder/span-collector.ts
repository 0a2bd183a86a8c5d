/**
 * Collects the spans of every request for the live view, also of requests whose trace is not exported. Spans are objects only until
 * their request ends: objects that live as long as 500 requests would triple the work of the garbage collector
 * (docs/decisions/short-lived-entries.md). Bounded for each request, and for all running requests together.
 */
import type { RecordedRequests, RecordedSpans } from '../../domain/recorded-requests.ts';
import type { Span } from '../../domain/span.ts';
import { requestAsJson } from '../../export/otlp/otlp-json.ts';
import { otlpRequest } from '../../export/otlp/otlp-request.ts';
import { DelegatingSpan } from '../delegating-span.ts';
import type { EncodedCopies } from './encoded-copies.ts';
import { RecordingSpan, type SpanSink } from './recording-span.ts';
import { spanBytes } from './span-bytes.ts';
import type { SpanEncoder } from './span-encoder.ts';
import { SpanPacker } from './span-packer.ts';
import { SpanRecord } from './span-record.ts';

export interface CollectorParts {
  /** Exports spans. */
  readonly next: SpanSink;
  readonly encoder: SpanEncoder;
  /** Of spans that are exported. */
  readonly copies: EncodedCopies;
  /** As they are exported: fields of ResourceSpans and of ScopeSpans. */
  readonly resource: Uint8Array;
  readonly scope: Uint8Array;
  /** Runs an encoder whose truncations do not count. */
  uncounted(encode: () => void): void;
}

export interface CollectorLimits {
  /** Of one request. */
  readonly spans: number;
  readonly bytes: number;
  /** Of all running requests. */
  readonly runningBytes: number;
}

const LIMITS: CollectorLimits = { spans: 1_000, bytes: 256 * 1024, runningBytes: 16 * 1024 * 1024 };

/** Requests that are packed in one go, and the bytes at which they are packed earlier. */
const PACKED = 16;
/** The newest requests wait, because the export encodes their last spans with those of the next requests. */
const MOST_WAITING = 20;
const WAITING_BYTES = 64 * 1024;
/** Larger requests do not share memory with others, so that a few kept bytes do not hold many. */
const LARGE_BYTES = 16 * 1024;

export class SpanCollector implements SpanSink, RecordedRequests {
  readonly #parts: CollectorParts;
  readonly #limits: CollectorLimits;
  readonly #packer: SpanPacker;
  #runningBytes = 0;
  /** Have ended, and are not encoded. */
  #waiting: SpanRecord[] = [];
  #waitingBytes = 0;

  constructor(parts: CollectorParts, limits: CollectorLimits = LIMITS) {
    this.#parts = parts;
    this.#limits = limits;
    this.#packer = new SpanPacker(parts.encoder, parts.copies);
  }

  add(span: RecordingSpan): void {
    const { local } = span;
    // The sink decides about the export of a trace with its root, so it comes first.
    if (local.fate !== 'forgotten') this.#parts.next.add(span);
    const record = (local.recorded ??= new SpanRecord(this)) as SpanRecord;
    const isRoot = local.root === span;
    this.#collect(record, span, isRoot);
    if (isRoot) this.#end(record, local.fate === 'kept');
  }

  of(root: Span): RecordedSpans | undefined {
    const span = DelegatingSpan.innermost(root);
    return span instanceof RecordingSpan ? (span.local.recorded as SpanRecord | undefined) : undefined;
  }

  pack(): void {
    this.#pack(this.#waiting.length);
  }

  read(items: Uint8Array): ReturnType<RecordedSpans['otlp']> {
    const { resource, scope } = this.#parts;
    return requestAsJson(otlpRequest(resource, scope, items));
  }

  #collect(record: SpanRecord, span: RecordingSpan, isRoot: boolean): void {
    const bytes = spanBytes(span);
    if (record.spans === undefined || !(isRoot || this.#hasRoom(record, bytes))) {
      record.leftOut++;
      return;
    }
    record.spans.push(span);
    record.bytes += bytes;
    if (record.hasEnded) this.#waitingBytes += bytes;
    else this.#runningBytes += bytes;
  }

  #hasRoom({ spans, bytes: used }: SpanRecord, bytes: number): boolean {
    const { spans: most, bytes: mostBytes, runningBytes } = this.#limits;
    return spans!.length < most && used + bytes <= mostBytes && this.#runningBytes + bytes <= runningBytes;
  }

  #end(record: SpanRecord, exported: boolean): void {
    record.exported = exported;
    record.hasEnded = true;
    this.#runningBytes -= record.bytes;
    if (record.bytes >= LARGE_BYTES) this.#parts.uncounted(() => this.#packer.pack([record]));
    else this.#wait(record);
  }

  #wait(record: SpanRecord): void {
    this.#waiting.push(record);
    this.#waitingBytes += record.bytes;
    if (this.#waitingBytes >= WAITING_BYTES) this.pack();
    else if (this.#waiting.length >= MOST_WAITING) this.#pack(PACKED);
  }

  /** The oldest ones. */
  #pack(count: number): void {
    const oldest = this.#waiting.splice(0, count);
    for (const { bytes } of oldest) this.#waitingBytes -= bytes;
    this.#parts.uncounted(() => this.#packer.pack(oldest));
  }
}
