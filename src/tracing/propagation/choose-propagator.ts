/** The propagators by the names of the configuration, which are those of OTEL_PROPAGATORS. */
import { type Context, type TextMapGetter, type TextMapPropagator, trace } from '@opentelemetry/api';
import { B3Propagator } from './b3.ts';
import { BaggagePropagator } from './baggage.ts';
import { TraceContextPropagator } from './trace-context.ts';
import { XRayPropagator } from './xray.ts';

const PROPAGATORS = {
  tracecontext: () => new TraceContextPropagator(),
  baggage: () => new BaggagePropagator(),
  b3: () => new B3Propagator('single'),
  b3multi: () => new B3Propagator('multi'),
  xray: () => new XRayPropagator(),
} as const satisfies Record<string, () => TextMapPropagator>;

export type PropagatorName = keyof typeof PROPAGATORS;

/** @param names in their order: of several that find a caller, the last wins. An empty list reads and writes nothing. */
export function choosePropagator(names: readonly PropagatorName[]): TextMapPropagator {
  const chosen = names.map((name) => PROPAGATORS[name]());
  return inLowerCase(chosen.length === 1 ? chosen[0]! : combined(chosen));
}

function combined(propagators: readonly TextMapPropagator[]): TextMapPropagator {
  return {
    inject(context, carrier, setter) {
      for (const propagator of propagators) propagator.inject(context, carrier, setter);
    },
    extract: (context, carrier, getter) =>
      propagators.reduce((found, propagator) => propagator.extract(found, carrier, getter), context),
    fields: () => [...new Set(propagators.flatMap((propagator) => propagator.fields()))],
  };
}

/** B3 and X-Ray accept ids in any case; W3C's `traceparent`, and software that compares ids as text, needs lower case. */
function inLowerCase(propagator: TextMapPropagator): TextMapPropagator {
  return {
    inject: (context, carrier, setter) => propagator.inject(context, carrier, setter),
    fields: () => propagator.fields(),
    extract(context: Context, carrier: unknown, getter: TextMapGetter) {
      const found = propagator.extract(context, carrier, getter);
      const caller = trace.getSpanContext(found);
      if (caller === undefined) return found;
      const { traceId, spanId } = caller;
      const [lowTrace, lowSpan] = [traceId.toLowerCase(), spanId.toLowerCase()];
      if (lowTrace === traceId && lowSpan === spanId) return found;
      return trace.setSpanContext(found, { ...caller, traceId: lowTrace, spanId: lowSpan });
    },
  };
}
