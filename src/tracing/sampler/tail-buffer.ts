/**
 * Tail sampling: holds the spans of traces that the sampler did not keep until their local root has ended, and then decides by
 * their outcome. Spans of traces that are kept anyway pass through. The buffer is bounded in bytes and in age: beyond a limit the
 * trace that has waited longest is dropped. A trace that is slow before it has ended is kept from that moment on.
 */
import { performance } from 'node:perf_hooks';
import { type Aged, AgeList } from '../../kit/age-list.ts';
import type { LocalTrace } from '../recorder/local-trace.ts';
import type { RecordingSpan, SpanSink } from '../recorder/recording-span.ts';
import { spanBytes } from '../recorder/span-bytes.ts';
import { type KeepReason, type KeepRules, reasonToKeep } from './keep-rules.ts';
import type { RateCap } from './rate-cap.ts';

export interface TailLimits {
  /** Most bytes that all waiting spans may take, by estimate. */
  readonly maxBytes: number;
  /** Longest that a trace may wait for its end. */
  readonly maxAgeMillis: number;
  /** Limit of the traces that are kept; undefined keeps all. */
  readonly cap?: RateCap | undefined;
  /** Monotonic milliseconds. */
  now?(): number;
}

/** Outcomes of traces; must not throw. */
export interface TailEvents {
  kept(reason: KeepReason): void;
  /** Dropped before a decision. */
  evicted(): void;
  /** There was a reason to keep it, but the limit was reached. */
  rateLimited(): void;
}

const LOOK_MILLIS = 1_000;

/** The spans of a trace that have ended while it is undecided. */
class Waiting implements Aged<Waiting> {
  readonly local: LocalTrace;
  readonly spans: RecordingSpan[] = [];
  /** Monotonic milliseconds. */
  readonly since: number;
  bytes = 0;
  older: Waiting | undefined = undefined;
  newer: Waiting | undefined = undefined;

  constructor(local: LocalTrace, since: number) {
    this.local = local;
    this.since = since;
  }
}

export class TailBuffer implements SpanSink {
  readonly #rules: KeepRules;
  readonly #limits: TailLimits;
  readonly #queue: SpanSink;
  readonly #events: TailEvents;
  readonly #now: () => number;
  /** In the order in which they began. */
  readonly #waiting = new AgeList<Waiting>();
  #bytes = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(rules: KeepRules, limits: TailLimits, queue: SpanSink, events: TailEvents) {
    this.#rules = rules;
    this.#limits = limits;
    this.#queue = queue;
    this.#events = events;
    this.#now = limits.now ?? (() => performance.now());
  }

  /** From now on its spans wait here. @param local without a decision. */
  open(local: LocalTrace): void {
    const waiting = new Waiting(local, this.#now());
    local.waiting = waiting;
    this.#waiting.add(waiting);
    this.#timer ??= setTimeout(() => this.#look(), LOOK_MILLIS).unref();
  }

  add(span: RecordingSpan): void {
    const { fate, root, waiting } = span.local;
    if (fate === 'kept') this.#queue.add(span);
    else if (fate === 'forgotten') return;
    else if (root === span) this.#decide(span, waiting as Waiting);
    else this.#hold(span, waiting as Waiting);
  }

  /** Decides by age. */
  sweep(): void {
    const { slowerThanSeconds } = this.#rules;
    const slow = slowerThanSeconds === undefined ? Number.POSITIVE_INFINITY : slowerThanSeconds * 1000;
    const longest = Math.min(slow, this.#limits.maxAgeMillis);
    let waiting = this.#waiting.oldest;
    while (waiting !== undefined) {
      const { local, spans, since } = waiting;
      const age = this.#now() - since;
      if (age <= longest) return;
      this.#forget(waiting);
      if (age > slow) this.#keep(local.root as RecordingSpan, spans, 'kept_slow');
      else this.#events.evicted();
      waiting = this.#waiting.oldest;
    }
  }

  #look(): void {
    this.#timer = undefined;
    this.sweep();
    if (this.#waiting.oldest !== undefined) this.#timer = setTimeout(() => this.#look(), LOOK_MILLIS).unref();
  }

  #hold(span: RecordingSpan, waiting: Waiting): void {
    const bytes = spanBytes(span);
    waiting.spans.push(span);
    waiting.bytes += bytes;
    this.#bytes += bytes;
    while (this.#bytes > this.#limits.maxBytes) this.#evict();
  }

  #decide(root: RecordingSpan, waiting: Waiting): void {
    this.#forget(waiting);
    const reason = reasonToKeep(this.#rules, root, waiting.spans);
    if (reason !== undefined) this.#keep(root, waiting.spans, reason);
  }

  /** @param root goes to the queue as well if it has ended, else when it does. */
  #keep(root: RecordingSpan, spans: readonly RecordingSpan[], reason: KeepReason): void {
    if (this.#limits.cap?.take() === false) {
      this.#events.rateLimited();
      return;
    }
    root.local.fate = 'kept';
    root.attributes.set('sampling.reason', reason);
    for (const span of spans) this.#queue.add(span);
    if (root.hasEnded) this.#queue.add(root);
    this.#events.kept(reason);
  }

  /** The oldest that takes any memory. */
  #evict(): void {
    let waiting = this.#waiting.oldest;
    while (waiting?.spans.length === 0) waiting = waiting.newer;
    if (waiting === undefined) return;
    this.#forget(waiting);
    this.#events.evicted();
  }

  #forget(waiting: Waiting): void {
    this.#waiting.remove(waiting);
    this.#bytes -= waiting.bytes;
    waiting.local.fate = 'forgotten';
    waiting.local.waiting = undefined;
  }
}
