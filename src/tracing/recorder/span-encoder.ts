/**
 * A span that has ended as the bytes of OTLP: one `spans` field of ScopeSpans
 * (opentelemetry-proto, trace/v1/trace.proto). Fields that hold their default are left out, as proto3 has it.
 */
import { AttributeEncoder } from '../../export/otlp/attribute-encoder.ts';
import type { ByteWriter } from '../../kit/byte-writer.ts';
import { bytesField } from '../../kit/protobuf.ts';
import type { SpanContext } from '../propagation/span-context.ts';
import { AttributePattern } from './attribute-pattern.ts';
import { EventEncoder } from './event-encoder.ts';
import { RecordingSpan, type SpanKind } from './recording-span.ts';

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
const LINK = { traceId: 0x0a, spanId: 0x12, traceState: 0x1a, flags: 0x35 } as const;
const STATUS = { message: 0x12, code: 0x18 } as const;
const KINDS = { internal: 1, server: 2, client: 3 } as const satisfies Record<SpanKind, number>;
const STATUS_ERROR = 2;
const SPAN_NAME_FIELD = 5;
/** Field 16, `fixed32`: the first tag of two bytes. */
const SPAN_FLAGS = 0x85;
/** `Span.flags`: the low byte is the W3C flags; these flag a parent in another process, and that this is known. */
const HAS_IS_REMOTE = 0x100;
const IS_REMOTE = 0x200;
/** More than all fields of fixed size take together. */
const FIXED_PART = 160;

/** Fields that are encoded once for the spans of one name. */
interface Shape {
  /** The whole field. */
  readonly name: Uint8Array;
  readonly kind: SpanKind;
  readonly pattern: AttributePattern;
  /** The fields before the attributes, of a span that begins a trace and of one below another, when one has been encoded. */
  root: Uint8Array | undefined;
  child: Uint8Array | undefined;
}

/** Names that come from outside must not fill the memory. */
const MOST_SHAPES = 512;

export class SpanEncoder {
  readonly #shapes = new Map<string, Shape>();
  readonly #attributes: AttributeEncoder;
  readonly #events = new EventEncoder(SPAN.events);

  /** @param doubles attribute keys whose numbers are always doubles. */
  constructor(doubles: ReadonlySet<string>) {
    this.#attributes = new AttributeEncoder(doubles);
  }

  /** @throws TooLarge; then a part of the span has been written. */
  encode(out: ByteWriter, span: RecordingSpan): void {
    out.reserve(FIXED_PART);
    out.byte(SCOPE_SPANS.spans);
    const start = out.open();
    const shape = this.#shapes.get(span.name) ?? this.#newShape(span);
    head(out, span, shape);
    if (!shape.pattern.encode(out, span.attributes))
      this.#attributes.encode(out, span.attributes, SPAN.attributes, SPAN.droppedAttributes);
    if (span.events !== undefined) this.#events.encode(out, span.events, span.local.anchor);
    count(out, SPAN.droppedEvents, span.droppedEvents);
    if (span.link !== undefined) link(out, span.link);
    count(out, SPAN.droppedLinks, span.droppedLinks);
    if (span.isFailed) status(out, span.statusMessage);
    out.close(start);
  }

  #newShape({ name, kind }: RecordingSpan): Shape {
    const pattern = new AttributePattern(this.#attributes, SPAN.attributes);
    const shape = { name: bytesField(SPAN_NAME_FIELD, name), kind, pattern, root: undefined, child: undefined };
    if (this.#shapes.size < MOST_SHAPES) this.#shapes.set(name, shape);
    return shape;
  }
}

/** The spans that are linked to are in other processes, or were. */
function link(out: ByteWriter, context: SpanContext): void {
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
  out.reserve(FIXED_PART);
  out.byte(LINK.flags);
  out.fixed32(flagsOf(context.traceFlags, true));
  out.close(start);
}

function status(out: ByteWriter, message: string): void {
  out.reserve(FIXED_PART);
  out.byte(SPAN.status);
  const start = out.open();
  if (message !== '') {
    out.byte(STATUS.message);
    out.text(message);
  }
  out.byte(STATUS.code);
  out.byte(STATUS_ERROR);
  out.close(start);
}

/** Positions of ids and times in the fields before the attributes, without trace state: from the beginning, and from the end. */
const AT = { traceId: 2, spanId: 20, parentSpanId: 30 } as const;
const BEFORE_END = { start: 23, end: 14, flags: 4 } as const;

/** The fields before the attributes. Those of one shape differ in ids and times alone, which are written over a copy. */
function head(out: ByteWriter, span: RecordingSpan, shape: Shape): void {
  const { parent, local, kind, high, low } = span;
  const below = parent instanceof RecordingSpan;
  if ((parent !== undefined && !below) || local.traceState !== undefined || kind !== shape.kind) {
    wholeHead(out, span, shape.name);
    return;
  }
  const known = below ? shape.child : shape.root;
  const at = out.length;
  if (known === undefined) {
    wholeHead(out, span, shape.name);
    shape[below ? 'child' : 'root'] = new Uint8Array(out.bytes.subarray(at, out.length));
    return;
  }
  out.append(known);
  const end = out.length;
  out.length = at + AT.traceId;
  out.words(local.words[0], local.words[1]);
  out.words(local.words[2], local.words[3]);
  out.length = at + AT.spanId;
  out.words(high, low);
  if (below) {
    out.length = at + AT.parentSpanId;
    out.words(parent.high, parent.low);
  }
  out.length = end - BEFORE_END.start;
  out.time(local.anchor, span.start);
  out.length = end - BEFORE_END.end;
  out.time(local.anchor, span.endTime);
  out.length = end - BEFORE_END.flags;
  out.fixed32(flagsOf(local.traceFlags, false));
}

function wholeHead(out: ByteWriter, span: RecordingSpan, name: Uint8Array): void {
  const { local, parent } = span;
  out.byte(SPAN.traceId);
  out.byte(16);
  out.words(local.words[0], local.words[1]);
  out.words(local.words[2], local.words[3]);
  out.byte(SPAN.spanId);
  out.byte(8);
  out.words(span.high, span.low);
  if (parent !== undefined) {
    out.byte(SPAN.parentSpanId);
    out.byte(8);
    if (parent instanceof RecordingSpan) out.words(parent.high, parent.low);
    else out.hex(parent.spanId);
  }
  const state = local.traceState?.serialize();
  if (state) {
    out.byte(SPAN.traceState);
    out.text(state);
  }
  out.append(name);
  out.reserve(FIXED_PART);
  out.byte(SPAN.kind);
  out.byte(KINDS[span.kind]);
  out.byte(SPAN.start);
  out.time(local.anchor, span.start);
  out.byte(SPAN.end);
  out.time(local.anchor, span.endTime);
  out.varint(SPAN_FLAGS);
  out.fixed32(flagsOf(local.traceFlags, parent !== undefined && !(parent instanceof RecordingSpan)));
}

/** @param isRemote of the parent, or of the span that is linked to. */
function flagsOf(traceFlags: number, isRemote: boolean): number {
  return (traceFlags & 0xff) | HAS_IS_REMOTE | (isRemote ? IS_REMOTE : 0);
}

function count(out: ByteWriter, tag: number, value: number): void {
  if (value === 0) return;
  out.reserve(FIXED_PART);
  out.byte(tag);
  out.varint(value);
}
