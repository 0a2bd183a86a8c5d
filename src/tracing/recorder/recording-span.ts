/**
 * A span of a trace that is kept, or may be: collects until it ends, then hands itself on, once. One object is
 * both the span of the gateway's stages and that of `@opentelemetry/api`: a request has six of them, and a second object would cost.
 */
import {
  type Attributes as ApiAttributes,
  type Span as ApiSpan,
  type Context,
  type Exception,
  type Link,
  type SpanContext,
  SpanKind,
  type SpanStatus,
  SpanStatusCode,
  type TimeInput,
  TraceFlags,
} from '@opentelemetry/api';
import type { Attributes, AttributeValue, SpanKind as FaceKind, Span } from '../../domain/span.ts';
import { withoutCredentials } from '../../kit/without-credentials.ts';
import { formatTraceparent } from '../propagation/format-traceparent.ts';
import { AttributeList } from './attribute-list.ts';
import type { Clock } from './clock.ts';
import type { IdGenerator } from './ids.ts';
import { type SpanLimits, truncate } from './limits.ts';
import type { LocalTrace } from './local-trace.ts';
import { SpanHolder } from './span-holder.ts';

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
  /** The headers that carry a context to the next service: name and value in turn. */
  carry(context: Context): readonly string[];
}

export interface SpanEvent {
  readonly name: string;
  /** Nanoseconds after the zero of the span's anchor. */
  readonly time: number;
  readonly attributes: AttributeList;
}

export interface SpanLink {
  readonly context: SpanContext;
  readonly attributes: AttributeList;
}

/** What few spans have. */
interface Moments {
  readonly events: SpanEvent[];
  readonly links: SpanLink[];
  droppedEvents: number;
  droppedLinks: number;
}

const NANOS_PER_MILLI = 1e6;

const KINDS = { internal: SpanKind.INTERNAL, client: SpanKind.CLIENT } as const satisfies Record<FaceKind, SpanKind>;

export class RecordingSpan implements ApiSpan, Span {
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
  readonly attributes: AttributeList;
  /** Names of the gateway's own events, each followed by its time in nanoseconds after the anchor's zero. */
  marks: (string | number)[] | undefined;
  moments: Moments | undefined;
  statusCode: SpanStatusCode = SpanStatusCode.UNSET;
  statusMessage = '';
  /** Belongs to the live view. */
  copy: unknown;
  #outgoing: readonly string[] | undefined;
  #ended = false;
  readonly #tracer: TracerContext;

  /** @param attributes belong to the span from then on. */
  constructor(
    tracer: TracerContext,
    name: string,
    kind: SpanKind,
    local: LocalTrace,
    parent: RecordingSpan | SpanContext | undefined,
    attributes: ApiAttributes | undefined,
    startTime: TimeInput | undefined,
  ) {
    const { ids, clock, limits } = tracer;
    this.#tracer = tracer;
    this.name = name;
    this.kind = kind;
    this.local = local;
    this.parent = parent;
    this.spanId = ids.spanId();
    this.high = ids.high;
    this.low = ids.low;
    this.start = startTime === undefined ? clock.now() : clock.since(local.anchor, startTime);
    this.attributes = new AttributeList(limits, attributes);
    this.marks = undefined;
    this.moments = undefined;
    this.copy = undefined;
    this.#outgoing = undefined;
  }

  get traceId(): string {
    return this.local.traceId;
  }

  get sampled(): boolean {
    return (this.local.traceFlags & TraceFlags.SAMPLED) !== 0;
  }

  get recording(): boolean {
    return true;
  }

  get traceparent(): string {
    return formatTraceparent(this.local.traceId, this.spanId, this.local.traceFlags);
  }

  set(name: string, value: AttributeValue | undefined): void {
    if (!this.#ended) this.attributes.set(name, value);
  }

  fail(errorType: string, description?: string): void {
    this.setAttribute('error.type', errorType);
    this.#setStatus(SpanStatusCode.ERROR, description);
  }

  event(name: string, at: number): void {
    if (this.#ended) return;
    const marks = (this.marks ??= []);
    if (marks.length < 2 * this.#tracer.limits.events) marks.push(name, Math.floor(at * NANOS_PER_MILLI));
    else this.#dropEvent();
  }

  child(name: string, kind: FaceKind, attributes?: Attributes): Span {
    return new RecordingSpan(this.#tracer, name, KINDS[kind], this.local, this, attributes as ApiAttributes, undefined);
  }

  outgoingHeaders(): readonly string[] {
    this.#outgoing ??= this.#tracer.carry(new SpanHolder(this.local.around, this));
    return this.#outgoing;
  }

  /** A span that would end before it started ends when it started. */
  end(time?: TimeInput): void {
    if (this.#ended) return;
    const { clock } = this.#tracer;
    const end = time === undefined ? clock.now() : clock.since(this.local.anchor, time);
    this.endTime = end < this.start ? this.start : end;
    this.#ended = true;
    this.#tracer.sink.add(this);
  }

  spanContext(): SpanContext {
    const { traceId, traceFlags, traceState } = this.local;
    const context = { traceId, spanId: this.spanId, traceFlags };
    return traceState === undefined ? context : { ...context, traceState };
  }

  isRecording(): boolean {
    return !this.#ended;
  }

  setAttribute(key: string, value: unknown): this {
    if (!this.#ended) this.attributes.set(key, value);
    return this;
  }

  setAttributes(attributes: ApiAttributes): this {
    for (const key in attributes) this.setAttribute(key, attributes[key]);
    return this;
  }

  addEvent(name: string, attributesOrTime?: ApiAttributes | TimeInput, time?: TimeInput): this {
    if (this.#ended) return this;
    const { clock, limits } = this.#tracer;
    const given = isTime(attributesOrTime) ? undefined : attributesOrTime;
    const at = time ?? (isTime(attributesOrTime) ? attributesOrTime : undefined);
    const attributes = new AttributeList(limits, given, limits.eventAttributes);
    const event = { name, time: clock.since(this.local.anchor, at), attributes };
    if (pushBounded(this.#moments().events, limits.events, event)) this.#dropEvent();
    return this;
  }

  addLink(link: Link): this {
    if (this.#ended) return this;
    const { limits } = this.#tracer;
    const attributes = new AttributeList(limits, link.attributes, limits.linkAttributes);
    const moments = this.#moments();
    if (!pushBounded(moments.links, limits.links, { context: link.context, attributes })) return this;
    moments.droppedLinks++;
    limits.truncated('link');
    return this;
  }

  addLinks(links: readonly Link[]): this {
    for (const link of links) this.addLink(link);
    return this;
  }

  setStatus({ code, message }: SpanStatus): this {
    this.#setStatus(code, message);
    return this;
  }

  updateName(name: string): this {
    if (!this.#ended) this.name = name;
    return this;
  }

  recordException(exception: Exception, time?: TimeInput): void {
    const attributes = attributesOf(exception);
    if (attributes['exception.type'] ?? attributes['exception.message']) this.addEvent('exception', attributes, time);
  }

  /** `OK` is final, `UNSET` is ignored, and only an error has a description (OTel trace API, "Set Status"). */
  #setStatus(code: SpanStatusCode, message: string | undefined): void {
    if (this.#ended || code === SpanStatusCode.UNSET || this.statusCode === SpanStatusCode.OK) return;
    this.statusCode = code;
    const said = code === SpanStatusCode.ERROR && message !== undefined ? withoutCredentials(message) : '';
    this.statusMessage = truncate(said, this.#tracer.limits.valueLength);
  }

  #dropEvent(): void {
    this.#moments().droppedEvents++;
    this.#tracer.limits.truncated('event');
  }

  #moments(): Moments {
    this.moments ??= { events: [], links: [], droppedEvents: 0, droppedLinks: 0 };
    return this.moments;
  }
}

/** Of too many, the oldest go. @returns whether one went. */
function pushBounded<T>(list: T[], limit: number, item: T): boolean {
  list.push(item);
  if (list.length <= limit) return false;
  list.shift();
  return true;
}

function isTime(value: ApiAttributes | TimeInput | undefined): value is TimeInput {
  return typeof value === 'number' || value instanceof Date || Array.isArray(value);
}

/** As the official SDK does: an error's code, if it has one, is more specific than the name of its class. */
function attributesOf(exception: Exception): ApiAttributes {
  if (typeof exception === 'string') return { 'exception.message': exception };
  const { code, name, message, stack } = exception;
  return {
    'exception.type': code === undefined ? name : String(code),
    'exception.message': message,
    'exception.stacktrace': stack,
  };
}
