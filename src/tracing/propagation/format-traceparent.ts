/** The header `traceparent` (W3C Trace Context, level 2, section 3.2), always as version 00. */

/** Sampled and random, the flags of level 2; the others must be sent as zero (section 3.2.2.5.3). */
export const KNOWN_FLAGS = 0x03;

export function formatTraceparent(traceId: string, spanId: string, traceFlags: number): string {
  return `00-${traceId}-${spanId}-0${traceFlags & KNOWN_FLAGS}`;
}
