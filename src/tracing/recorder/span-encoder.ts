/**
 * A span that has ended as the bytes of OTLP: one `spans` field of ScopeSpans, ready to stand among others
 * (opentelemetry-proto, trace/v1/trace.proto). Fields that hold their default are left out, as proto3 has it.
 */
import { type SpanContext, SpanStatusCode } from '@opentelemetry/api';
import { bytesField } from '../../kit/protobuf.ts';
import { AttributeEncoder } from './attribute-encoder.ts';
import { AttributePattern } from './attribute-pattern.ts';
import type { ByteWriter } from './byte-writer.ts';
import { RecordingSpan, type SpanEvent, type SpanLink } from './recording-span.ts';

/** Tags: field number · 8 + wire type. */
const SCOPE_SPANS = { spans: 0x12 } as const;
const SPAN = {
  traceId: 0x0a,
  spanId: 0x12,
  traceState: 0x1a,
  parentSpanId: 0x22,
  kind: 0x30,
  start: 0x39,
  end: 0x41,
  attributes: 0x4a,
  droppedAttributes: 0x50,
  events: 0x5a,
  droppedEvents: 0x60,
  links: 0x6a,
  droppedLinks: 0x70,
  status: 0x7a,
} as const;
const EVENT = { time: 0x09, name: 0x12, attributes: 0x1a, droppedAttributes: 0x20 } as const;
const LINK = {
  traceId: 0x0a,
  spanId: 0x12,
  traceState: 0x1a,
  attributes: 0x22,
  droppedAttributes: 0x28,
  flags: 0x35,
} as const;
const STATUS = { message: 0x12, code: 0x18 } as const;
const SPAN_NAME_FIELD = 5;
/** `Span.flags`: the low byte is the W3C flags; these say whether the parent is in another process, and that this is known. */
const HAS_IS_REMOTE = 0x100;
const IS_REMOTE = 0x200;
/** More than all fields of fixed size take together. */
const FIXED_PART = 160;

/** What is encoded once for the spans of one name. */
interface Shape {
  /** The whole field. */
  readonly name: Uint8Array;
  readonly pattern: AttributePattern;
}

/** Names that come from outside must not fill the memory. */
const MOST_SHAPES = 512;

export class SpanEncoder {
  readonly #shapes = new Map<string, Shape>();
  readonly #attributes: AttributeEncoder;

  /** @param doubles attribute keys whose numbers are always doubles. */
  constructor(doubles: ReadonlySet<string>) {
    this.#attributes = new AttributeEncoder(doubles);
  }

  /** @throws TooLarge; then what was written of the span is still there. */
  encode(out: ByteWriter, span: RecordingSpan): void {
    out.reserve(FIXED_PART);
    out.byte(SCOPE_SPANS.spans);
    const start = out.open();
    this.#identity(out, span);
    const { name, pattern } = this.#shapes.get(span.name) ?? this.#newShape(span.name);
    out.append(name);
    out.reserve(FIXED_PART);
    out.byte(SPAN.kind);
    out.byte(span.kind + 1);
    out.byte(SPAN.start);
    out.time(span.local.anchor, span.start);
    out.byte(SPAN.end);
    out.time(span.local.anchor, span.endTime);
    if (!pattern.encode(out, span.attributes))
      this.#attributes.encode(out, span.attributes, SPAN.attributes, SPAN.droppedAttributes);
    if (span.moments !== undefined) {
      this.#events(out, span, span.moments.events);
      this.#links(out, span.moments.links);
      count(out, SPAN.droppedEvents, span.moments.droppedEvents);
      count(out, SPAN.droppedLinks, span.moments.droppedLinks);
    }
    if (span.statusCode !== SpanStatusCode.UNSET) this.#status(out, span);
    this.#flags(out, span);
    out.close(start);
  }

  #newShape(name: string): Shape {
    const pattern = new AttributePattern(this.#attributes, SPAN.attributes);
    const shape = { name: bytesField(SPAN_NAME_FIELD, name), pattern };
    if (this.#shapes.size < MOST_SHAPES) this.#shapes.set(name, shape);
    return shape;
  }

  #identity(out: ByteWriter, { high, low, parent, local }: RecordingSpan): void {
    out.byte(SPAN.traceId);
    out.byte(16);
    out.words(local.words[0], local.words[1]);
    out.words(local.words[2], local.words[3]);
    out.byte(SPAN.spanId);
    out.byte(8);
    out.words(high, low);
    const state = local.traceState?.serialize();
    if (state) {
      out.byte(SPAN.traceState);
      out.text(state);
    }
    if (parent === undefined) return;
    out.byte(SPAN.parentSpanId);
    out.byte(8);
    if (parent instanceof RecordingSpan) out.words(parent.high, parent.low);
    else out.hex(parent.spanId);
  }

  #events(out: ByteWriter, span: RecordingSpan, events: readonly SpanEvent[]): void {
    for (const event of events) {
      out.reserve(FIXED_PART);
      out.byte(SPAN.events);
      const start = out.open();
      out.byte(EVENT.time);
      out.time(span.local.anchor, event.time);
      out.byte(EVENT.name);
      out.text(event.name);
      this.#attributes.encode(out, event.attributes, EVENT.attributes, EVENT.droppedAttributes);
      out.close(start);
    }
  }

  #links(out: ByteWriter, links: readonly SpanLink[]): void {
    for (const { context, attributes } of links) {
      out.reserve(FIXED_PART);
      out.byte(SPAN.links);
      const start = out.open();
      out.byte(LINK.traceId);
      out.byte(16);
      out.hex(context.traceId);
      out.byte(LINK.spanId);
      out.byte(8);
      out.hex(context.spanId);
      const state = context.traceState?.serialize();
      if (state) {
        out.byte(LINK.traceState);
        out.text(state);
      }
      this.#attributes.encode(out, attributes, LINK.attributes, LINK.droppedAttributes);
      out.reserve(FIXED_PART);
      out.byte(LINK.flags);
      out.fixed32(flagsOf(context.traceFlags, context));
      out.close(start);
    }
  }

  #status(out: ByteWriter, { statusCode, statusMessage }: RecordingSpan): void {
    out.reserve(FIXED_PART);
    out.byte(SPAN.status);
    const start = out.open();
    if (statusMessage !== '') {
      out.byte(STATUS.message);
      out.text(statusMessage);
    }
    out.byte(STATUS.code);
    out.byte(statusCode);
    out.close(start);
  }

  #flags(out: ByteWriter, { local, parent }: RecordingSpan): void {
    out.reserve(FIXED_PART);
    out.varint(0x85); // field 16, fixed32: the first tag of two bytes
    out.fixed32(flagsOf(local.traceFlags, parent instanceof RecordingSpan ? undefined : parent));
  }
}

function flagsOf(traceFlags: number, parent: SpanContext | undefined): number {
  return (traceFlags & 0xff) | HAS_IS_REMOTE | (parent?.isRemote ? IS_REMOTE : 0);
}

function count(out: ByteWriter, tag: number, value: number): void {
  if (value === 0) return;
  out.reserve(FIXED_PART);
  out.byte(tag);
  out.varint(value);
}
