/** The spans of requests that have ended, for the live view: also of requests whose trace is not exported. */
import type { Span } from './span.ts';

export interface RecordedRequests {
  /** @param root the SERVER span of a request, which has ended. @returns undefined where another provider recorded it. */
  of(root: Span): RecordedSpans | undefined;
}

/** The spans of one request. */
export interface RecordedSpans {
  /** Whether the spans are exported. */
  readonly exported: boolean;
  /** Estimate of the memory that they take. */
  readonly bytes: number;
  /** Spans that are missing, because the request had too many or they ended too late. */
  readonly leftOut: number;
  /** Copies them out of the memory that they share with those of other requests: for requests that are kept longer. */
  detach(): void;
  /** As they are exported, with their resource and scope. */
  otlp(): OtlpTraces;
}

/** An ExportTraceServiceRequest in JSON (OTLP specification, "JSON Protobuf Encoding"): what the view reads or changes. */
export interface OtlpTraces {
  readonly resourceSpans: readonly { readonly scopeSpans: readonly { readonly spans: OtlpSpan[] }[] }[];
}

export interface OtlpSpan {
  /** 2 is SERVER. */
  readonly kind?: number;
  attributes?: OtlpAttribute[];
  readonly events?: readonly { attributes?: OtlpAttribute[] }[];
  readonly status?: { message?: string };
}

export interface OtlpAttribute {
  readonly key: string;
  readonly value: OtlpValue;
}

/** One of them. */
export interface OtlpValue {
  readonly stringValue?: string;
  readonly intValue?: string;
  readonly arrayValue?: { readonly values?: readonly OtlpValue[] };
  readonly kvlistValue?: { readonly values?: readonly OtlpAttribute[] };
}
