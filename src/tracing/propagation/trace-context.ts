/** W3C Trace Context, level 2: the caller's context, and ours for the next service (w3.org/TR/trace-context-2, sections 3 and 4). */
import type { RawHeaders } from '../../domain/span.ts';
import { withoutCredentials } from '../../kit/without-credentials.ts';
import type { Propagated, Propagator } from './propagator.ts';
import { headerValues } from './raw-headers.ts';
import { KNOWN_FLAGS, type SpanContext } from './span-context.ts';
import { TraceState } from './trace-state.ts';

const TRACEPARENT = 'traceparent';
const TRACESTATE = 'tracestate';

/**
 * Section 3.2.2: version, trace id, parent id, flags; a version above 00 may add more after a dash. What may follow is either white
 * space or begins with a dash, so that no character is looked at twice.
 */
const FORM =
  /^[ \t]*(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:[ \t]*|(-.*))$/;

export class TraceContextPropagator implements Propagator {
  /** Without a valid traceparent a new trace begins, and tracestate is not read. */
  extract(headers: RawHeaders, found: Propagated): Propagated {
    const header = headerValues(headers, TRACEPARENT);
    // Section 4.3: more than one traceparent counts as none.
    const parent = typeof header === 'string' ? parseTraceparent(header) : undefined;
    if (parent === undefined) return found;
    const state = headerValues(headers, TRACESTATE);
    // Section 3.3.1: several headers are combined in their order.
    const traceState = state === undefined ? undefined : stateOf(typeof state === 'string' ? state : state.join(','));
    return { caller: { ...parent, traceState }, others: found.others };
  }

  inject({ traceId, spanId, traceFlags, traceState }: SpanContext): readonly string[] {
    const traceparent = `00-${traceId}-${spanId}-0${traceFlags & KNOWN_FLAGS}`;
    const state = traceState?.serialize();
    return state ? [TRACEPARENT, traceparent, TRACESTATE, state] : [TRACEPARENT, traceparent];
  }
}

function parseTraceparent(header: string): SpanContext | undefined {
  const match = FORM.exec(header);
  if (match === null) return undefined;
  const [, version, traceId, spanId, flags, more] = match;
  if (version === '00' && more !== undefined) return undefined;
  return { traceId: traceId!, spanId: spanId!, traceFlags: Number.parseInt(flags!, 16) & KNOWN_FLAGS };
}

/** A bad tracestate is dropped, and so is one that holds a credential: it would reach spans and stores. The traceparent stays. */
function stateOf(header: string): TraceState | undefined {
  return withoutCredentials(header) === header ? TraceState.parse(header) : undefined;
}
