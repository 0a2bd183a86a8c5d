/** The propagators by the names of the configuration, which are those of OTEL_PROPAGATORS. */
import { B3Propagator } from './b3.ts';
import { BaggagePropagator } from './baggage.ts';
import type { Propagated, Propagator } from './propagator.ts';
import { TraceContextPropagator } from './trace-context.ts';
import { XRayPropagator } from './xray.ts';

const PROPAGATORS = {
  tracecontext: () => new TraceContextPropagator(),
  baggage: () => new BaggagePropagator(),
  b3: () => new B3Propagator('single'),
  b3multi: () => new B3Propagator('multi'),
  xray: () => new XRayPropagator(),
} as const satisfies Record<string, () => Propagator>;

export type PropagatorName = keyof typeof PROPAGATORS;

/** @param names in their order: of several that find a caller, the last wins. An empty list reads and writes nothing. */
export function choosePropagator(names: readonly PropagatorName[]): Propagator {
  const chosen = names.map((name) => PROPAGATORS[name]());
  return {
    inject(span, carried) {
      const headers: string[] = [];
      for (const propagator of chosen) headers.push(...propagator.inject(span, carried));
      return headers;
    },
    extract(headers, before) {
      let found = before;
      for (const propagator of chosen) found = propagator.extract(headers, found);
      return inLowerCase(found);
    },
  };
}

/** B3 and X-Ray accept ids in any case; W3C's `traceparent`, and software that compares ids as text, needs lower case. */
function inLowerCase(found: Propagated): Propagated {
  if (found.caller === undefined) return found;
  const { traceId, spanId } = found.caller;
  const [lowTrace, lowSpan] = [traceId.toLowerCase(), spanId.toLowerCase()];
  if (lowTrace === traceId && lowSpan === spanId) return found;
  return { ...found, caller: { ...found.caller, traceId: lowTrace, spanId: lowSpan } };
}
