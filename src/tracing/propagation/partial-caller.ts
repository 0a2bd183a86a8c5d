/**
 * Callers that send less than a span: B3 has decisions without ids, X-Ray has trace ids without a parent. Such a context does not
 * replace the complete one that another propagator found.
 */
import type { Propagated } from './propagator.ts';
import { type CallerContext, isComplete, NO_SPAN_ID, NO_TRACE_ID, SAMPLED_FLAG } from './span-context.ts';

/** @param sampled undefined leaves the decision to the gateway. */
export function decisionOf(sampled: boolean | undefined): Pick<CallerContext, 'traceFlags' | 'deferred'> {
  if (sampled === undefined) return { traceFlags: 0, deferred: true };
  return { traceFlags: sampled ? SAMPLED_FLAG : 0 };
}

/** A trace that the caller names, without a span in it. */
export function withTraceOnly(found: Propagated, traceId: string, sampled: boolean | undefined): Propagated {
  return withPartial(found, { traceId, spanId: NO_SPAN_ID, ...decisionOf(sampled), partial: 'trace' });
}

/** A decision for a trace that begins here. */
export function withDecisionOnly(found: Propagated, sampled: boolean): Propagated {
  const ids = { traceId: NO_TRACE_ID, spanId: NO_SPAN_ID };
  return withPartial(found, { ...ids, ...decisionOf(sampled), partial: 'decision' });
}

function withPartial(found: Propagated, caller: CallerContext): Propagated {
  return found.caller !== undefined && isComplete(found.caller) ? found : { ...found, caller };
}
