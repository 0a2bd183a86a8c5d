/** B3 (openzipkin/b3-propagation): reads one header or several, writes the form that is configured. */
import type { RawHeaders } from '../../domain/span.ts';
import { decisionOf, withDecisionOnly } from './partial-caller.ts';
import type { Carried, Propagated, Propagator } from './propagator.ts';
import { firstHeader } from './raw-headers.ts';
import { isSpanId, isTraceId, SAMPLED_FLAG, type SpanContext } from './span-context.ts';

const SINGLE = 'b3';
const TRACE_ID = 'x-b3-traceid';
const SPAN_ID = 'x-b3-spanid';
const SAMPLED = 'x-b3-sampled';
const FLAGS = 'x-b3-flags';

/** Trace id of 16 or 32 digits, span id, sampling state, parent span id. */
const SINGLE_FORM = /((?:[0-9a-f]{16}){1,2})-([0-9a-f]{16})(?:-([01d](?![0-9a-f])))?(?:-([0-9a-f]{16}))?/;
/** A sampling state without ids. */
const STATE_ALONE = /^\s*([01d])\s*$/;
const SAMPLED_VALUES = ['1', 'true', 'True'];
const UNSAMPLED_VALUES = ['0', 'false', 'False'];

export class B3Propagator implements Propagator {
  readonly #form: 'single' | 'multi';

  constructor(form: 'single' | 'multi') {
    this.#form = form;
  }

  extract(headers: RawHeaders, found: Propagated): Propagated {
    const single = firstHeader(headers, SINGLE);
    return single ? extractSingle(single, found) : extractMulti(headers, found);
  }

  inject({ traceId, spanId, traceFlags }: SpanContext, carried: Carried | undefined): readonly string[] {
    const debug = carried?.b3Debug;
    const sampled = String(traceFlags & SAMPLED_FLAG);
    if (this.#form === 'single') return [SINGLE, `${traceId}-${spanId}-${debug ?? sampled}`];
    const ids = [TRACE_ID, traceId, SPAN_ID, spanId];
    return debug === '1' ? [...ids, FLAGS, debug] : [...ids, SAMPLED, sampled];
  }
}

function extractSingle(header: string, found: Propagated): Propagated {
  const alone = STATE_ALONE.exec(header)?.[1];
  if (alone !== undefined) return withDecisionOnly(debugged(found, alone === 'd' && alone), alone !== '0');
  const [, id = '', spanId = '', state] = SINGLE_FORM.exec(header) ?? [];
  const traceId = id.padStart(32, '0');
  if (!isTraceId(traceId) || !isSpanId(spanId)) return found;
  const caller = { traceId, spanId, ...decisionOf(state === undefined ? undefined : state !== '0') };
  return { ...debugged(found, state === 'd' && state), caller };
}

function extractMulti(headers: RawHeaders, found: Propagated): Propagated {
  const id = firstHeader(headers, TRACE_ID) ?? '';
  const traceId = id.length === 16 ? id.padStart(32, '0') : id;
  const spanId = firstHeader(headers, SPAN_ID) ?? '';
  const state = firstHeader(headers, SAMPLED);
  const debug = firstHeader(headers, FLAGS) === '1' && '1';
  const sampled = debug === '1' || sampledBy(state);
  if (sampled === undefined && state !== undefined) return found;
  if (id === '' && spanId === '' && sampled !== undefined) return withDecisionOnly(debugged(found, debug), sampled);
  if (!isTraceId(traceId) || !isSpanId(spanId)) return found;
  return { ...debugged(found, debug), caller: { traceId, spanId, ...decisionOf(sampled) } };
}

/** @returns undefined if the state is absent, which defers the decision, or unknown. */
function sampledBy(state: string | undefined): boolean | undefined {
  if (SAMPLED_VALUES.includes(state as string)) return true;
  return UNSAMPLED_VALUES.includes(state as string) ? false : undefined;
}

function debugged(found: Propagated, flag: string | false): Propagated {
  return flag === false ? found : { ...found, others: { ...found.others, b3Debug: flag } };
}
