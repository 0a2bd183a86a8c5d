/**
 * Callers that send less than a span: B3 has decisions without ids, X-Ray has trace ids without a parent. Such a context does not
 * replace the complete one that another propagator found.
 */
import { randomBytes } from 'node:crypto';
import {
  type Context,
  INVALID_SPANID,
  INVALID_TRACEID,
  isSpanContextValid,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import type { CallerContext } from '../sampler/sampler.ts';

/** @param sampled undefined leaves the decision to the gateway. */
export function decisionOf(sampled: boolean | undefined): Pick<CallerContext, 'traceFlags' | 'deferred'> {
  if (sampled === undefined) return { traceFlags: TraceFlags.NONE, deferred: true };
  return { traceFlags: sampled ? TraceFlags.SAMPLED : TraceFlags.NONE };
}

/** A trace that the caller names, without a span in it. */
export function withTraceOnly(context: Context, traceId: string, sampled: boolean | undefined): Context {
  return withPartial(context, {
    traceId,
    spanId: INVALID_SPANID,
    ...decisionOf(sampled),
    isRemote: true,
    partial: 'trace',
  });
}

/** A decision for a trace that begins here. */
export function withDecisionOnly(context: Context, sampled: boolean): Context {
  const ids = { traceId: INVALID_TRACEID, spanId: INVALID_SPANID };
  return withPartial(context, { ...ids, ...decisionOf(sampled), isRemote: true, partial: 'decision' });
}

/**
 * The same for a sampler of another provider, which knows spans only: missing ids are random, and a deferred decision counts as
 * sampled.
 */
export function asWholeSpan(context: Context): Context {
  const caller: CallerContext | undefined = trace.getSpanContext(context);
  if (caller?.partial === undefined && !caller?.deferred) return context;
  const { partial, deferred, ...span } = caller;
  return trace.setSpanContext(context, {
    ...span,
    traceId: partial === 'decision' ? randomBytes(16).toString('hex') : span.traceId,
    spanId: partial === undefined ? span.spanId : randomBytes(8).toString('hex'),
    traceFlags: deferred ? span.traceFlags | TraceFlags.SAMPLED : span.traceFlags,
  });
}

function withPartial(context: Context, caller: CallerContext): Context {
  const found = trace.getSpanContext(context);
  return found !== undefined && isSpanContextValid(found) ? context : trace.setSpanContext(context, caller);
}
