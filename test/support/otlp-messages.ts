/**
 * OTLP's trace messages, decoded by protobufjs: not by anything of ours. Field numbers and types are those of
 * opentelemetry-proto 1.11 (common/v1, resource/v1, trace/v1, collector/trace/v1).
 */
import protobuf from 'protobufjs';

const PROTO = `
syntax = "proto3";

message AnyValue {
  oneof value {
    string string_value = 1;
    bool bool_value = 2;
    int64 int_value = 3;
    double double_value = 4;
    ArrayValue array_value = 5;
    KeyValueList kvlist_value = 6;
    bytes bytes_value = 7;
  }
}
message ArrayValue { repeated AnyValue values = 1; }
message KeyValueList { repeated KeyValue values = 1; }
message KeyValue { string key = 1; AnyValue value = 2; }
message InstrumentationScope {
  string name = 1;
  string version = 2;
  repeated KeyValue attributes = 3;
  uint32 dropped_attributes_count = 4;
}
message Resource { repeated KeyValue attributes = 1; uint32 dropped_attributes_count = 2; }
message Event {
  fixed64 time_unix_nano = 1;
  string name = 2;
  repeated KeyValue attributes = 3;
  uint32 dropped_attributes_count = 4;
}
message Link {
  bytes trace_id = 1;
  bytes span_id = 2;
  string trace_state = 3;
  repeated KeyValue attributes = 4;
  uint32 dropped_attributes_count = 5;
  fixed32 flags = 6;
}
message Status { string message = 2; int32 code = 3; }
message Span {
  bytes trace_id = 1;
  bytes span_id = 2;
  string trace_state = 3;
  bytes parent_span_id = 4;
  string name = 5;
  int32 kind = 6;
  fixed64 start_time_unix_nano = 7;
  fixed64 end_time_unix_nano = 8;
  repeated KeyValue attributes = 9;
  uint32 dropped_attributes_count = 10;
  repeated Event events = 11;
  uint32 dropped_events_count = 12;
  repeated Link links = 13;
  uint32 dropped_links_count = 14;
  Status status = 15;
  fixed32 flags = 16;
}
message ScopeSpans { InstrumentationScope scope = 1; repeated Span spans = 2; string schema_url = 3; }
message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; string schema_url = 3; }
message ExportTraceServiceRequest { repeated ResourceSpans resource_spans = 1; }
message ExportTracePartialSuccess { int64 rejected_spans = 1; string error_message = 2; }
message ExportTraceServiceResponse { ExportTracePartialSuccess partial_success = 1; }

message Any { string type_url = 1; bytes value = 2; }
message RpcStatus { int32 code = 1; string message = 2; repeated Any details = 3; }
message Duration { int64 seconds = 1; int32 nanos = 2; }
message RetryInfo { Duration retry_delay = 1; }
`;

const root = protobuf.parse(PROTO).root;
const request = root.lookupType('ExportTraceServiceRequest');

/** An attribute value, its kind visible: `{ int: '5' }` is not `{ double: 5 }`. */
export type DecodedValue =
  | { readonly string: string }
  | { readonly bool: boolean }
  | { readonly int: string }
  | { readonly double: number }
  | { readonly bytes: string }
  | { readonly array: readonly DecodedValue[] }
  | { readonly map: Readonly<Record<string, DecodedValue>> }
  | { readonly empty: true };

export interface DecodedEvent {
  readonly time: bigint;
  readonly name: string;
  readonly attributes: Readonly<Record<string, DecodedValue>>;
  readonly droppedAttributes: number;
}

export interface DecodedLink {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceState: string;
  readonly attributes: Readonly<Record<string, DecodedValue>>;
  readonly droppedAttributes: number;
  readonly flags: number;
}

export interface DecodedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly traceState: string;
  readonly name: string;
  readonly kind: number;
  /** Unix nanoseconds. */
  readonly start: bigint;
  readonly end: bigint;
  readonly attributes: Readonly<Record<string, DecodedValue>>;
  /** How many attributes there were on the wire: a key that stands twice shows here. */
  readonly attributeCount: number;
  readonly droppedAttributes: number;
  readonly events: readonly DecodedEvent[];
  readonly droppedEvents: number;
  readonly links: readonly DecodedLink[];
  readonly droppedLinks: number;
  readonly status: { readonly code: number; readonly message: string };
  readonly flags: number;
}

export interface DecodedRequest {
  readonly resource: Readonly<Record<string, DecodedValue>>;
  readonly scope: { readonly name: string; readonly version: string };
  /** Of the resource and of the scope. */
  readonly schemaUrls: readonly string[];
  readonly spans: readonly DecodedSpan[];
}

/** All spans of a request, each group with its resource and scope. @throws if the bytes are no such message. */
export function decodeRequest(bytes: Uint8Array): DecodedRequest[] {
  const decoded = request.toObject(request.decode(bytes), {
    longs: String,
    bytes: String,
    defaults: true,
    oneofs: true,
  });
  return decoded.resourceSpans.flatMap((group: Raw) =>
    group.scopeSpans.map((inner: Raw) => ({
      resource: attributesOf(group.resource?.attributes),
      scope: { name: inner.scope?.name ?? '', version: inner.scope?.version ?? '' },
      schemaUrls: [group.schemaUrl, inner.schemaUrl],
      spans: inner.spans.map(spanOf),
    })),
  );
}

/** Encodes a message, for answers of the receivers. */
export function encodeMessage(
  type: 'ExportTraceServiceRequest' | 'ExportTraceServiceResponse' | 'RpcStatus' | 'RetryInfo',
  value: Record<string, unknown>,
): Uint8Array {
  const message = root.lookupType(type);
  return message.encode(message.fromObject(value)).finish();
}

// biome-ignore lint/suspicious/noExplicitAny: what protobufjs gives has no type
type Raw = any;

const hex = (base64: string): string => Buffer.from(base64, 'base64').toString('hex');

function spanOf(span: Raw): DecodedSpan {
  return {
    traceId: hex(span.traceId),
    spanId: hex(span.spanId),
    parentSpanId: hex(span.parentSpanId),
    traceState: span.traceState,
    name: span.name,
    kind: span.kind,
    start: BigInt(span.startTimeUnixNano),
    end: BigInt(span.endTimeUnixNano),
    attributes: attributesOf(span.attributes),
    attributeCount: span.attributes.length,
    droppedAttributes: span.droppedAttributesCount,
    events: span.events.map(eventOf),
    droppedEvents: span.droppedEventsCount,
    links: span.links.map(linkOf),
    droppedLinks: span.droppedLinksCount,
    status: { code: span.status?.code ?? 0, message: span.status?.message ?? '' },
    flags: span.flags,
  };
}

function eventOf(event: Raw): DecodedEvent {
  return {
    time: BigInt(event.timeUnixNano),
    name: event.name,
    attributes: attributesOf(event.attributes),
    droppedAttributes: event.droppedAttributesCount,
  };
}

function linkOf(link: Raw): DecodedLink {
  return {
    traceId: hex(link.traceId),
    spanId: hex(link.spanId),
    traceState: link.traceState,
    attributes: attributesOf(link.attributes),
    droppedAttributes: link.droppedAttributesCount,
    flags: link.flags,
  };
}

function attributesOf(attributes: Raw[] = []): Record<string, DecodedValue> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, anyValueOf(value)]));
}

function anyValueOf(value: Raw): DecodedValue {
  switch (value?.value) {
    case 'stringValue':
      return { string: value.stringValue };
    case 'boolValue':
      return { bool: value.boolValue };
    case 'intValue':
      return { int: value.intValue };
    case 'doubleValue':
      return { double: value.doubleValue };
    case 'bytesValue':
      return { bytes: hex(value.bytesValue) };
    case 'arrayValue':
      return { array: value.arrayValue.values.map(anyValueOf) };
    case 'kvlistValue':
      return { map: attributesOf(value.kvlistValue.values) };
    default:
      return { empty: true };
  }
}
