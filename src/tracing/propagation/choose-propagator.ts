/**
 * The propagators by the names that the configuration has for them, as OTEL_PROPAGATORS names them. The W3C's is our own,
 * because the official one fails five of the W3C's own tests; the others are OpenTelemetry's, loaded where they are asked for.
 */
import { type Context, type TextMapGetter, type TextMapPropagator, trace } from '@opentelemetry/api';
import { TraceContextPropagator } from './trace-context.ts';

const PROPAGATORS = {
  tracecontext: async () => new TraceContextPropagator(),
  baggage: async () => new (await import('@opentelemetry/core')).W3CBaggagePropagator(),
  b3: async () => {
    const { B3Propagator, B3InjectEncoding } = await import('@opentelemetry/propagator-b3');
    return new B3Propagator({ injectEncoding: B3InjectEncoding.SINGLE_HEADER });
  },
  b3multi: async () => {
    const { B3Propagator, B3InjectEncoding } = await import('@opentelemetry/propagator-b3');
    return new B3Propagator({ injectEncoding: B3InjectEncoding.MULTI_HEADER });
  },
  xray: async () => new (await import('@opentelemetry/propagator-aws-xray')).AWSXRayPropagator(),
} as const satisfies Record<string, () => Promise<TextMapPropagator>>;

export type PropagatorName = keyof typeof PROPAGATORS;

/** @param names in the order in which they are asked: of several that find a caller, the last is believed. None reads and writes nothing. */
export async function choosePropagator(names: readonly PropagatorName[]): Promise<TextMapPropagator> {
  const chosen = await Promise.all(names.map((name) => PROPAGATORS[name]()));
  if (chosen.length === 1) return inLowerCase(chosen[0] as TextMapPropagator);
  const { CompositePropagator } = await import('@opentelemetry/core');
  return inLowerCase(new CompositePropagator({ propagators: chosen }));
}

/** B3 and X-Ray take ids in any case; W3C's `traceparent`, and whoever compares ids as text, wants lower case. */
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
