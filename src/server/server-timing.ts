/** How a client learns the trace of its request: the header Server-Timing, which browsers' scripts may read. */
import type { Span } from '../domain/span.ts';

/**
 * `traceparent;desc="00-…-01"`, as the agents for real user monitoring read it: their flags are 00 or 01, so the random bit
 * of W3C Trace Context level 2 stays out. Undefined with tracing off.
 */
export function serverTiming({ traceId, spanId, sampled }: Span): string | undefined {
  return traceId === undefined ? undefined : `traceparent;desc="00-${traceId}-${spanId}-${sampled ? '01' : '00'}"`;
}
