/**
 * Holds the spans of traces that the sampler did not keep until their local root has ended, and then decides by what became of
 * them. Stands before the queue; spans of traces that are kept anyway pass straight through. Bounded: a trace has only so many
 * spans here, and where all of them together are too many, the trace that has waited longest is given up.
 */
import type { LocalTrace } from '../recorder/local-trace.ts';
import type { RecordingSpan, SpanSink } from '../recorder/recording-span.ts';
import { type KeepReason, type KeepRules, reasonToKeep } from '../sampler/keep-rules.ts';

/** Spans of one trace; an upload in one request has four, and two for each attempt at a part. */
const MAX_SPANS_OF_TRACE = 1_000;
/** Spans of all traces: about 1 KiB each. */
const MAX_SPANS = 16_000;

/** What has become of traces; must not throw. */
export interface TailEvents {
  kept(reason: KeepReason): void;
  /** Given up before its end was known. */
  evicted(): void;
}

export class TailBuffer implements SpanSink {
  readonly #rules: KeepRules;
  readonly #queue: SpanSink;
  readonly #events: TailEvents;
  /** In the order in which they began. */
  readonly #waiting = new Map<LocalTrace, RecordingSpan[]>();
  /** Decided, for spans that end after their root. */
  readonly #kept = new WeakSet<LocalTrace>();
  #spans = 0;

  constructor(rules: KeepRules, queue: SpanSink, events: TailEvents) {
    this.#rules = rules;
    this.#queue = queue;
    this.#events = events;
  }

  /** From now on its spans wait here. */
  open(local: LocalTrace): void {
    this.#waiting.set(local, []);
  }

  ended(span: RecordingSpan): void {
    const spans = this.#waiting.get(span.local);
    if (spans === undefined) {
      if (!span.local.undecided || this.#kept.has(span.local)) this.#queue.ended(span);
      return;
    }
    if (span.local.root === span) this.#decide(span, spans);
    else this.#hold(span, spans);
  }

  #hold(span: RecordingSpan, spans: RecordingSpan[]): void {
    if (spans.length >= MAX_SPANS_OF_TRACE) return;
    spans.push(span);
    if (++this.#spans > MAX_SPANS) this.#evict();
  }

  #decide(root: RecordingSpan, spans: RecordingSpan[]): void {
    this.#forget(root.local, spans);
    const reason = reasonToKeep(this.#rules, root, spans);
    if (reason === undefined) return;
    this.#kept.add(root.local);
    root.attributes.set('sampling.reason', reason);
    for (const span of spans) this.#queue.ended(span);
    this.#queue.ended(root);
    this.#events.kept(reason);
  }

  #evict(): void {
    for (const [local, spans] of this.#waiting) {
      if (spans.length === 0) continue;
      this.#forget(local, spans);
      this.#events.evicted();
      return;
    }
  }

  #forget(local: LocalTrace, spans: readonly RecordingSpan[]): void {
    this.#waiting.delete(local);
    this.#spans -= spans.length;
  }
}
