/** Spans of a trace, read from OTLP in JSON (OpenTelemetry protocol, "JSON Protobuf Encoding"). */

export type AttributeValue = string | number | boolean | readonly AttributeValue[];

export interface SpanEvent {
  readonly name: string;
  /** From the begin of the trace. */
  readonly atSeconds: number;
  readonly attributes: readonly Attribute[];
}

export interface Attribute {
  readonly key: string;
  readonly value: AttributeValue;
}

export interface Span {
  readonly id: string;
  readonly parentId: string | undefined;
  readonly name: string;
  readonly kind: string;
  /** From the begin of the trace. */
  readonly startSeconds: number;
  readonly durationSeconds: number;
  readonly isError: boolean;
  readonly statusMessage: string | undefined;
  readonly attributes: readonly Attribute[];
  readonly events: readonly SpanEvent[];
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
}

export interface Trace {
  /** Unix time in milliseconds. */
  readonly startedAt: number;
  readonly durationSeconds: number;
  readonly spans: readonly Span[];
}

interface OtlpValue {
  readonly stringValue?: string;
  readonly intValue?: string | number;
  readonly doubleValue?: number | string;
  readonly boolValue?: boolean;
  readonly bytesValue?: string;
  readonly arrayValue?: { readonly values?: readonly OtlpValue[] };
}

type OtlpAttributes = readonly { readonly key: string; readonly value: OtlpValue }[];

interface OtlpSpan {
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind?: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes?: OtlpAttributes;
  readonly events?: readonly {
    readonly name: string;
    readonly timeUnixNano: string;
    readonly attributes?: OtlpAttributes;
  }[];
  readonly links?: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly status?: { readonly code?: number; readonly message?: string };
}

interface OtlpRequest {
  readonly resourceSpans?: readonly { readonly scopeSpans?: readonly { readonly spans?: readonly OtlpSpan[] }[] }[];
}

const KINDS = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'] as const;
const STATUS_ERROR = 2;

/** @throws Error if it has no spans. */
export function parseTrace(text: string): Trace {
  const { resourceSpans = [] } = JSON.parse(text) as OtlpRequest;
  const spans = resourceSpans.flatMap(({ scopeSpans = [] }) => scopeSpans.flatMap((scope) => scope.spans ?? []));
  if (spans.length === 0) throw new Error('The trace has no spans.');
  const start = spans.map(({ startTimeUnixNano }) => BigInt(startTimeUnixNano)).reduce((a, b) => (a < b ? a : b));
  const read = spans.map((span) => readSpan(span, start));
  const durationSeconds = Math.max(...read.map((span) => span.startSeconds + span.durationSeconds));
  return { startedAt: Number(start / 1000n) / 1000, durationSeconds, spans: read };
}

const secondsBetween = (start: bigint, end: string): number => Number(BigInt(end) - start) / 1e9;

function readSpan(span: OtlpSpan, start: bigint): Span {
  const startSeconds = secondsBetween(start, span.startTimeUnixNano);
  return {
    id: span.spanId,
    parentId: span.parentSpanId || undefined,
    name: span.name,
    kind: KINDS[span.kind ?? 0] ?? 'UNSPECIFIED',
    startSeconds,
    durationSeconds: secondsBetween(BigInt(span.startTimeUnixNano), span.endTimeUnixNano),
    isError: span.status?.code === STATUS_ERROR,
    statusMessage: span.status?.message || undefined,
    attributes: readAttributes(span.attributes),
    events: (span.events ?? []).map(({ name, timeUnixNano, attributes }) => ({
      name,
      atSeconds: secondsBetween(start, timeUnixNano),
      attributes: readAttributes(attributes),
    })),
    links: span.links ?? [],
  };
}

const readAttributes = (attributes: OtlpAttributes = []): Attribute[] =>
  attributes.map(({ key, value }) => ({ key, value: readValue(value) }));

function readValue(value: OtlpValue): AttributeValue {
  if (value.stringValue !== undefined) return value.stringValue;
  if (value.boolValue !== undefined) return value.boolValue;
  if (value.intValue !== undefined) return Number(value.intValue);
  if (value.doubleValue !== undefined) return Number(value.doubleValue);
  if (value.arrayValue !== undefined) return (value.arrayValue.values ?? []).map(readValue);
  return value.bytesValue ?? '';
}
