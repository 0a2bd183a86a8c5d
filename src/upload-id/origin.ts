/** The trace origin of an upload, for later requests of the same upload. */
import type { Span, TraceOrigin } from '../domain/span.ts';

/** @returns undefined with tracing disabled. */
export function originOf({ traceId, spanId, traceFlags }: Span): TraceOrigin | undefined {
  if (traceId === undefined || spanId === undefined || traceFlags === undefined) return undefined;
  return { traceId, spanId, flags: traceFlags };
}
