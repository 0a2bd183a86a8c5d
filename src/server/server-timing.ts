/** The response header Server-Timing with the trace context. Scripts in browsers can read it. */
import type { Span } from '../domain/span.ts';

/**
 * `traceparent;desc="00-…-01"`, as agents for real user monitoring parse it. They know only the flags 00 and 01, so the random
 * bit of W3C Trace Context level 2 is omitted. Undefined with tracing disabled.
 */
export function serverTiming({ traceId, spanId, sampled }: Span): string | undefined {
  return traceId === undefined ? undefined : `traceparent;desc="00-${traceId}-${spanId}-${sampled ? '01' : '00'}"`;
}
