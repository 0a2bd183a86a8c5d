/** A span as it arrived over OTLP, in the form that the waterfall draws. */

export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty where there is none. */
  readonly parentSpanId: string;
  readonly name: string;
  /** Unix time in nanoseconds. */
  readonly start: bigint;
  readonly end: bigint;
  readonly attributes: ReadonlyMap<string, string | number | boolean>;
  /** Status Error (OTLP `STATUS_CODE_ERROR`). */
  readonly failed: boolean;
  readonly statusMessage: string;
}
