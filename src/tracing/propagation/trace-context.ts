/** W3C Trace Context, level 2: the caller's context, and ours for the next service (w3.org/TR/trace-context-2, sections 3 and 4). */
import {
  type Context,
  INVALID_SPANID,
  INVALID_TRACEID,
  type SpanContext,
  type TextMapGetter,
  type TextMapPropagator,
  type TextMapSetter,
  trace,
} from '@opentelemetry/api';
import { withoutCredentials } from '../../kit/without-credentials.ts';
import { formatTraceparent, KNOWN_FLAGS } from './format-traceparent.ts';
import { TraceState } from './trace-state.ts';

const TRACEPARENT = 'traceparent';
const TRACESTATE = 'tracestate';

/**
 * Section 3.2.2: version, trace id, parent id, flags; a version above 00 may add more after a dash. What may follow is either white
 * space or begins with a dash, so that no character is looked at twice.
 */
const FORM =
  /^[ \t]*(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:[ \t]*|(-.*))$/;

export class TraceContextPropagator implements TextMapPropagator {
  fields(): string[] {
    return [TRACEPARENT, TRACESTATE];
  }

  /** @returns `context` itself where there is no valid traceparent: a new trace begins, and tracestate is not looked at. */
  extract(context: Context, carrier: unknown, getter: TextMapGetter): Context {
    const header = getter.get(carrier, TRACEPARENT);
    const parent = typeof header === 'string' ? parseTraceparent(header) : onlyOne(header);
    if (parent === undefined) return context;
    const state = getter.get(carrier, TRACESTATE);
    // Section 3.3.1: several headers are combined in their order.
    if (state !== undefined) addState(parent, typeof state === 'string' ? state : state.join(','));
    return trace.setSpanContext(context, parent);
  }

  inject(context: Context, carrier: unknown, setter: TextMapSetter): void {
    const span = trace.getSpanContext(context);
    // What stands for no span has zeros; other invalid contexts do not come out of a tracer.
    if (span === undefined || span.traceId === INVALID_TRACEID || span.spanId === INVALID_SPANID) return;
    setter.set(carrier, TRACEPARENT, formatTraceparent(span.traceId, span.spanId, span.traceFlags));
    const state = span.traceState?.serialize();
    if (state) setter.set(carrier, TRACESTATE, state);
  }
}

/** Section 4.3: more than one traceparent counts as none. */
function onlyOne(headers: string[] | undefined): SpanContext | undefined {
  return headers?.length === 1 ? parseTraceparent(headers[0]!) : undefined;
}

function parseTraceparent(header: string): SpanContext | undefined {
  const match = FORM.exec(header);
  if (match === null) return undefined;
  const [, version, traceId, spanId, flags, more] = match;
  if (version === '00' && more !== undefined) return undefined;
  const traceFlags = Number.parseInt(flags!, 16) & KNOWN_FLAGS;
  return { traceId: traceId!, spanId: spanId!, traceFlags, isRemote: true };
}

/** A bad tracestate is dropped, and so is one that holds a credential: it would reach spans and stores. The traceparent stays. */
function addState(parent: SpanContext, header: string): void {
  if (withoutCredentials(header) !== header) return;
  const state = TraceState.parse(header);
  if (state !== undefined) parent.traceState = state;
}
