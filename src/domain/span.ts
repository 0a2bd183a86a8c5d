/**
 * The interface of tracing for stages. A stage sets attributes on its span and opens children; it does not know samplers, encoders
 * or exporters. With tracing disabled, spans are `NO_SPAN`, and no tracing code is loaded.
 */

export type SpanKind = 'internal' | 'client';
export type AttributeValue = string | number | boolean | readonly string[];
export type Attributes = Readonly<Record<string, AttributeValue | undefined>>;

export interface Span {
  /** 32 lower-case hex digits, or undefined with tracing off. Known for unsampled traces too. */
  readonly traceId: string | undefined;
  /** 16 lower-case hex digits, or undefined with tracing off. */
  readonly spanId: string | undefined;
  /** The sampled flag, as it is propagated. */
  readonly sampled: boolean;
  /** Whether attributes may be exported: for sampled traces, and for traces that tail sampling may keep. */
  readonly recording: boolean;
  /** Of this span (W3C Trace Context, section 3.2.2.5), or undefined with tracing off. */
  readonly traceFlags: number | undefined;
  /** Sets one attribute; undefined sets nothing, a later value replaces an earlier one. A list must not change later. Ignored after `end`. */
  set(name: string, value: AttributeValue | undefined): void;
  /**
   * Marks the operation of this span as failed: status Error, and `error.type`, a low-cardinality name.
   * The description adds to the other attributes; it must not hold secrets.
   */
  fail(errorType: string, description?: string): void;
  /** Adds a moment without attributes. Ignored after `end`. @param at as `performance.now()`. */
  event(name: string, at: number): void;
  /** Opens a child span. The caller ends it, and never changes the attributes; spans that share them are cheaper. */
  child(name: string, kind: SpanKind, attributes?: Attributes): Span;
  /** The headers that carry this span's context to the next service: name, value, name, value. Empty with tracing off. */
  outgoingHeaders(): readonly string[];
  /** Ends the span now. Later calls do nothing. */
  end(): void;
}

/** Request headers as they came, name and value in turn (`rawHeaders` of node:http): duplicates must stay visible. */
export type RawHeaders = readonly string[];

/** Where a multipart upload began: the span of its creation. */
export interface TraceOrigin {
  /** 32 lower-case hex digits. */
  readonly traceId: string;
  /** 16 lower-case hex digits. */
  readonly spanId: string;
  /** Flags of W3C Trace Context, section 3.2.2.5. */
  readonly flags: number;
}

/** Facts about a request before authentication; unverified, and for tracing only. */
export interface SamplingHints {
  /** The parent if the headers carry no context, else a link. */
  readonly origin?: TraceOrigin | undefined;
  /** Name of the bucket, as the configuration has it. */
  readonly bucket?: string | undefined;
  /** Name of the S3 operation, such as `UploadPart`. */
  readonly operation?: string | undefined;
}

export interface RequestTracer {
  /**
   * Opens the SERVER span of one request, continuing the caller's trace if its headers carry a valid context.
   * @param startedAt as `performance.now()`; now unless given.
   */
  startRequest(headers: RawHeaders, attributes: Attributes, hints?: SamplingHints, startedAt?: number): Span;
}

export const NO_SPAN: Span = {
  traceId: undefined,
  spanId: undefined,
  sampled: false,
  recording: false,
  traceFlags: undefined,
  set() {},
  fail() {},
  event() {},
  child: () => NO_SPAN,
  outgoingHeaders: () => [],
  end() {},
};

export const NO_TRACER: RequestTracer = { startRequest: () => NO_SPAN };
