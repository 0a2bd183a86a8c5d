/** A span of a trace that is kept, or may be: collects until it ends, then hands itself on, once. */
import type { Attributes, AttributeValue, SpanKind as ChildKind } from '../../domain/span.ts';
import { withoutCredentials } from '../../kit/without-credentials.ts';
import type { Propagator } from '../propagation/propagator.ts';
import { SAMPLED_FLAG, type SpanContext } from '../propagation/span-context.ts';
import type { RequestSpan } from '../span-names.ts';
import { AttributeList } from './attribute-list.ts';
import { type Clock, nanosAt } from './clock.ts';
import type { IdGenerator } from './ids.ts';
import { type SpanLimits, truncate } from './limits.ts';
import type { LocalTrace } from './local-trace.ts';

export type SpanKind = ChildKind | 'server';

/** Takes spans that have ended. Must not throw. */
export interface SpanSink {
  add(span: RecordingSpan): void;
}

/** What all spans of a tracer share. */
export interface TracerContext {
  readonly ids: IdGenerator;
  readonly clock: Clock;
  readonly limits: SpanLimits;
  readonly sink: SpanSink;
  readonly propagator: Propagator;
}

export class RecordingSpan implements RequestSpan {
  name: string;
  readonly kind: SpanKind;
  readonly local: LocalTrace;
  /** Another one of ours, or one in another process; undefined begins the trace. */
  readonly parent: RecordingSpan | SpanContext | undefined;
  readonly spanId: string;
  /** The first and the last 32 bits of the span id, as signed numbers: as it goes onto the wire. */
  readonly high: number;
  readonly low: number;
  /** Nanoseconds after the anchor's zero. */
  readonly start: number;
  endTime = 0;
  hasEnded = false;
  isFailed = false;
  statusMessage = '';
  readonly attributes: AttributeList;
  /** Names, each followed by its time in nanoseconds after the anchor's zero. */
  events: (string | number)[] | undefined = undefined;
  droppedEvents = 0;
  link: SpanContext | undefined = undefined;
  droppedLinks = 0;
  /** Belongs to the live view. */
  copy: unknown = undefined;
  #outgoing: readonly string[] | undefined = undefined;
  readonly #tracer: TracerContext;

  /** @param attributes never change; several spans may share them. @param startedAt as `performance.now()`; now unless given. */
  constructor(
    tracer: TracerContext,
    name: string,
    kind: SpanKind,
    local: LocalTrace,
    parent: RecordingSpan | SpanContext | undefined,
    attributes: Attributes | undefined,
    startedAt: number | undefined,
  ) {
    const { ids, clock, limits } = tracer;
    this.#tracer = tracer;
    this.name = name;
    this.kind = kind;
    this.local = local;
    this.parent = parent;
    this.spanId = kind === 'server' ? ids.requestSpanId() : ids.spanId();
    this.high = ids.high;
    this.low = ids.low;
    this.start = startedAt === undefined ? clock.now() : nanosAt(startedAt);
    this.attributes = new AttributeList(limits, attributes);
  }

  get traceId(): string {
    return this.local.traceId;
  }

  get sampled(): boolean {
    return (this.local.traceFlags & SAMPLED_FLAG) !== 0;
  }

  get recording(): boolean {
    return true;
  }

  get traceFlags(): number {
    return this.local.traceFlags;
  }

  set(name: string, value: AttributeValue | undefined): void {
    if (!this.hasEnded) this.attributes.set(name, value);
  }

  fail(errorType: string, description?: string): void {
    if (this.hasEnded) return;
    this.attributes.set('error.type', errorType);
    this.isFailed = true;
    const message = description === undefined ? '' : withoutCredentials(description);
    this.statusMessage = truncate(message, this.#tracer.limits.valueLength);
  }

  event(name: string, at: number): void {
    if (this.hasEnded) return;
    const { limits } = this.#tracer;
    const events = (this.events ??= []);
    if (events.length < 2 * limits.events) {
      events.push(name, nanosAt(at));
      return;
    }
    this.droppedEvents++;
    limits.truncated('event');
  }

  /** Links this span to one of another trace. A span has one link at most. */
  linkTo(context: SpanContext): void {
    const { limits } = this.#tracer;
    if (limits.links > 0) {
      this.link = context;
      return;
    }
    this.droppedLinks++;
    limits.truncated('link');
  }

  child(name: string, kind: ChildKind, attributes?: Attributes): RecordingSpan {
    return new RecordingSpan(this.#tracer, name, kind, this.local, this, attributes, undefined);
  }

  outgoingHeaders(): readonly string[] {
    this.#outgoing ??= this.#inject();
    return this.#outgoing;
  }

  updateName(name: string): void {
    if (!this.hasEnded) this.name = name;
  }

  /** A span that would end before it started ends when it started. */
  end(): void {
    if (this.hasEnded) return;
    const end = this.#tracer.clock.now();
    this.endTime = end < this.start ? this.start : end;
    this.hasEnded = true;
    this.#tracer.sink.add(this);
  }

  #inject(): readonly string[] {
    const { traceId, traceFlags, traceState, carried } = this.local;
    return this.#tracer.propagator.inject({ traceId, spanId: this.spanId, traceFlags, traceState }, carried);
  }
}
