/** The contexts of spans, as they are propagated between processes. */
import type { TraceState } from './trace-state.ts';

/** W3C Trace Context level 2, sections 3.2 and 3.3. */
export interface SpanContext {
  /** 32 lower-case hex digits. */
  readonly traceId: string;
  /** 16 lower-case hex digits. */
  readonly spanId: string;
  readonly traceFlags: number;
  readonly traceState?: TraceState | undefined;
}

/** The context of a caller. */
export interface CallerContext extends SpanContext {
  /** Drawn for a caller that is not trusted, from 0 to 1 without 1: its trace may be kept only below `remote_ratio`. */
  readonly draw?: number;
  /** Whether the caller leaves the sampling decision to the gateway. Its sampled flag then means nothing. */
  readonly deferred?: boolean;
  /**
   * What an incomplete context holds. `trace`: a trace id without a span id. `decision`: the sampled flag without ids, for a trace
   * that begins here. The missing ids are zero.
   */
  readonly partial?: 'trace' | 'decision';
}

/** Flags of section 3.2.2.5: the trace is sampled, and its id was drawn at random. */
export const SAMPLED_FLAG = 0x01;
export const RANDOM_FLAG = 0x02;
/** The others must be sent as zero (section 3.2.2.5.3). */
export const KNOWN_FLAGS = SAMPLED_FLAG | RANDOM_FLAG;

export const NO_TRACE_ID = '0'.repeat(32);
export const NO_SPAN_ID = '0'.repeat(16);

const HEX_DIGITS = /^[0-9a-f]*$/i;

/** Hex digits in any case, as B3 and X-Ray accept them. */
export function isTraceId(text: string): boolean {
  return text.length === 32 && text !== NO_TRACE_ID && HEX_DIGITS.test(text);
}

export function isSpanId(text: string): boolean {
  return text.length === 16 && text !== NO_SPAN_ID && HEX_DIGITS.test(text);
}

/** Whether the context names a span. */
export function isComplete({ traceId, spanId }: SpanContext): boolean {
  return traceId !== NO_TRACE_ID && spanId !== NO_SPAN_ID;
}
