/** B3 (openzipkin/b3-propagation): reads one header or several, writes the form that is configured. */
import {
  type Context,
  createContextKey,
  isSpanContextValid,
  isValidSpanId,
  isValidTraceId,
  type TextMapGetter,
  type TextMapPropagator,
  type TextMapSetter,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { decisionOf, withDecisionOnly } from './partial-caller.ts';
import { firstHeader } from './raw-headers.ts';

const SINGLE = 'b3';
const TRACE_ID = 'x-b3-traceid';
const SPAN_ID = 'x-b3-spanid';
const SAMPLED = 'x-b3-sampled';
const FLAGS = 'x-b3-flags';
const PARENT_SPAN_ID = 'x-b3-parentspanid';

/** Value of the debug flag in the form in which it was received: `d` in one header, `1` in several. */
const DEBUG_KEY = createContextKey('mizuchi B3 debug flag');
/** Trace id of 16 or 32 digits, span id, sampling state, parent span id. */
const SINGLE_FORM = /((?:[0-9a-f]{16}){1,2})-([0-9a-f]{16})(?:-([01d](?![0-9a-f])))?(?:-([0-9a-f]{16}))?/;
/** A sampling state without ids. */
const STATE_ALONE = /^\s*([01d])\s*$/;
const SAMPLED_VALUES = ['1', 'true', 'True'];
const UNSAMPLED_VALUES = ['0', 'false', 'False'];

export class B3Propagator implements TextMapPropagator {
  readonly #form: 'single' | 'multi';

  constructor(form: 'single' | 'multi') {
    this.#form = form;
  }

  fields(): string[] {
    return this.#form === 'single' ? [SINGLE] : [TRACE_ID, SPAN_ID, FLAGS, SAMPLED, PARENT_SPAN_ID];
  }

  inject(context: Context, carrier: unknown, setter: TextMapSetter): void {
    const span = trace.getSpanContext(context);
    if (span === undefined || !isSpanContextValid(span)) return;
    const debug = context.getValue(DEBUG_KEY);
    const sampled = String(span.traceFlags & TraceFlags.SAMPLED);
    if (this.#form === 'single') {
      setter.set(carrier, SINGLE, `${span.traceId}-${span.spanId}-${debug || sampled}`);
      return;
    }
    setter.set(carrier, TRACE_ID, span.traceId);
    setter.set(carrier, SPAN_ID, span.spanId);
    if (debug === '1') setter.set(carrier, FLAGS, debug);
    else setter.set(carrier, SAMPLED, sampled);
  }

  extract(context: Context, carrier: unknown, getter: TextMapGetter): Context {
    const single = firstHeader(getter.get(carrier, SINGLE));
    return single ? extractSingle(context, single) : extractMulti(context, carrier, getter);
  }
}

function extractSingle(context: Context, header: string): Context {
  const alone = STATE_ALONE.exec(header)?.[1];
  if (alone !== undefined) return withDecisionOnly(debugged(context, alone === 'd' && alone), alone !== '0');
  const [, id = '', spanId = '', state] = SINGLE_FORM.exec(header) ?? [];
  const traceId = id.padStart(32, '0');
  if (!isValidTraceId(traceId) || !isValidSpanId(spanId)) return context;
  const decision = decisionOf(state === undefined ? undefined : state !== '0');
  return trace.setSpanContext(debugged(context, state === 'd' && state), {
    traceId,
    spanId,
    isRemote: true,
    ...decision,
  });
}

function extractMulti(context: Context, carrier: unknown, getter: TextMapGetter): Context {
  const read = (name: string): string | undefined => firstHeader(getter.get(carrier, name));
  const id = read(TRACE_ID) ?? '';
  const traceId = id.length === 16 ? id.padStart(32, '0') : id;
  const spanId = read(SPAN_ID) ?? '';
  const state = read(SAMPLED);
  const debug = read(FLAGS) === '1' && '1';
  const sampled = debug === '1' || sampledBy(state);
  if (sampled === undefined && state !== undefined) return context;
  if (id === '' && spanId === '' && sampled !== undefined) return withDecisionOnly(debugged(context, debug), sampled);
  if (!isValidTraceId(traceId) || !isValidSpanId(spanId)) return context;
  return trace.setSpanContext(debugged(context, debug), { traceId, spanId, isRemote: true, ...decisionOf(sampled) });
}

/** @returns undefined if the state is absent, which defers the decision, or unknown. */
function sampledBy(state: string | undefined): boolean | undefined {
  if (SAMPLED_VALUES.includes(state as string)) return true;
  return UNSAMPLED_VALUES.includes(state as string) ? false : undefined;
}

function debugged(context: Context, flag: string | false): Context {
  return flag === false ? context : context.setValue(DEBUG_KEY, flag);
}
