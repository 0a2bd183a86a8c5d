/** A span of a trace that is kept: collects until it ends, then hands itself on, once. */
import {
  type Attributes,
  type Exception,
  type Link,
  type Span,
  type SpanContext,
  type SpanKind,
  type SpanOptions,
  type SpanStatus,
  SpanStatusCode,
  type TimeInput,
} from '@opentelemetry/api';
import { AttributeList } from './attribute-list.ts';
import type { Clock } from './clock.ts';
import type { OwnContext } from './ids.ts';
import { type SpanLimits, truncate } from './limits.ts';
import type { LocalTrace } from './local-trace.ts';

/** Takes spans that have ended. Must not throw. */
export interface SpanSink {
  ended(span: RecordingSpan): void;
}

/** What all spans of a tracer share. */
export interface SpanShop {
  readonly clock: Clock;
  readonly limits: SpanLimits;
  readonly sink: SpanSink;
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

export class RecordingSpan implements Span {
  name: string;
  readonly kind: SpanKind;
  readonly context: OwnContext;
  readonly parent: SpanContext | undefined;
  readonly local: LocalTrace;
  /** Nanoseconds after the anchor's zero. */
  readonly start: number;
  endTime = -1;
  readonly attributes: AttributeList;
  /** Undefined as long as there is none: few spans have any. */
  events: SpanEvent[] | undefined;
  links: SpanLink[] | undefined;
  droppedEvents = 0;
  droppedLinks = 0;
  statusCode: SpanStatusCode = SpanStatusCode.UNSET;
  statusMessage = '';
  #ended = false;
  readonly #shop: SpanShop;

  constructor(
    shop: SpanShop,
    name: string,
    context: OwnContext,
    parent: SpanContext | undefined,
    local: LocalTrace,
    kind: SpanKind,
    options: SpanOptions | undefined,
  ) {
    this.#shop = shop;
    this.name = name;
    this.kind = kind;
    this.context = context;
    this.parent = parent;
    this.local = local;
    this.attributes = new AttributeList(shop.limits, options?.attributes);
    this.start = shop.clock.since(local.anchor, options?.startTime);
    if (options?.links !== undefined) this.addLinks(options.links);
  }

  spanContext(): SpanContext {
    return this.context;
  }

  isRecording(): boolean {
    return !this.#ended;
  }

  setAttribute(key: string, value: unknown): this {
    if (!this.#ended) this.attributes.set(key, value);
    return this;
  }

  setAttributes(attributes: Attributes): this {
    for (const key in attributes) this.setAttribute(key, attributes[key]);
    return this;
  }

  addEvent(name: string, attributesOrTime?: Attributes | TimeInput, time?: TimeInput): this {
    if (this.#ended) return this;
    const { clock, limits } = this.#shop;
    const given = isTime(attributesOrTime) ? undefined : attributesOrTime;
    const at = time ?? (isTime(attributesOrTime) ? attributesOrTime : undefined);
    const attributes = new AttributeList(limits, given, limits.eventAttributes);
    this.events ??= [];
    const event = { name, time: clock.since(this.local.anchor, at), attributes };
    if (!pushBounded(this.events, limits.events, event)) return this;
    this.droppedEvents++;
    limits.truncated('event');
    return this;
  }

  addLink(link: Link): this {
    if (this.#ended) return this;
    const { limits } = this.#shop;
    const attributes = new AttributeList(limits, link.attributes, limits.linkAttributes);
    this.links ??= [];
    if (!pushBounded(this.links, limits.links, { context: link.context, attributes })) return this;
    this.droppedLinks++;
    limits.truncated('link');
    return this;
  }

  addLinks(links: readonly Link[]): this {
    for (const link of links) this.addLink(link);
    return this;
  }

  /** `OK` is final, `UNSET` is ignored, and only an error has a description (OTel trace API, "Set Status"). */
  setStatus(status: SpanStatus): this {
    if (this.#ended || status.code === SpanStatusCode.UNSET || this.statusCode === SpanStatusCode.OK) return this;
    this.statusCode = status.code;
    const message = status.code === SpanStatusCode.ERROR ? (status.message ?? '') : '';
    this.statusMessage = truncate(message, this.#shop.limits.valueLength);
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

  /** A span that would end before it started ends when it started. */
  end(time?: TimeInput): void {
    if (this.#ended) return;
    const end = this.#shop.clock.since(this.local.anchor, time);
    this.endTime = end < this.start ? this.start : end;
    this.#ended = true;
    this.#shop.sink.ended(this);
  }
}

/** Of too many, the oldest go. @returns whether one went. */
function pushBounded<T>(list: T[], limit: number, item: T): boolean {
  list.push(item);
  if (list.length <= limit) return false;
  list.shift();
  return true;
}

function isTime(value: Attributes | TimeInput | undefined): value is TimeInput {
  return typeof value === 'number' || value instanceof Date || Array.isArray(value);
}

/** As the official SDK does: an error's code, where it has one, says more than the name of its class. */
function attributesOf(exception: Exception): Attributes {
  if (typeof exception === 'string') return { 'exception.message': exception };
  const { code, name, message, stack } = exception;
  return {
    'exception.type': code === undefined ? name : String(code),
    'exception.message': message,
    'exception.stacktrace': stack,
  };
}
