/** Our propagators behind the interface of `@opentelemetry/api`: the values of a request in a context. */
import {
  type Baggage as ApiBaggage,
  type SpanContext as ApiSpanContext,
  baggageEntryMetadataFromString,
  type Context,
  createContextKey,
  isSpanContextValid,
  propagation,
  type TextMapPropagator,
  trace,
} from '@opentelemetry/api';
import { type Baggage, type Carried, NOTHING, type Propagator } from '../propagation/propagator.ts';
import type { CallerContext } from '../propagation/span-context.ts';

const CARRIED_KEY = createContextKey('mizuchi values for the next services');

/** @returns a propagator whose carriers are raw headers. */
export function asTextMap(propagator: Propagator): TextMapPropagator {
  return {
    extract(context, headers) {
      const { caller, others } = propagator.extract(headers, NOTHING);
      const carrying = others === undefined ? context : withCarried(context, others);
      return caller === undefined ? carrying : trace.setSpanContext(carrying, remote(caller));
    },
    inject(context, headers, setter) {
      const span = trace.getSpanContext(context);
      if (span === undefined || !isSpanContextValid(span)) return;
      const carried = context.getValue(CARRIED_KEY) as Carried | undefined;
      const written = propagator.inject(asOwn(span), carried);
      for (let i = 0; i < written.length; i += 2) setter.set(headers, written[i]!, written[i + 1]!);
    },
    fields: () => [],
  };
}

/** A context of another provider. Its trace state has the methods of ours. */
export function asOwn(context: ApiSpanContext): CallerContext {
  return context as CallerContext;
}

export function remote({ traceState, ...context }: CallerContext): ApiSpanContext {
  const caller = { ...context, isRemote: true };
  return traceState === undefined ? caller : { ...caller, traceState };
}

/** The provider's own processors read baggage, too. */
function withCarried(context: Context, carried: Carried): Context {
  const carrying = context.setValue(CARRIED_KEY, carried);
  return carried.baggage === undefined ? carrying : propagation.setBaggage(carrying, apiBaggage(carried.baggage));
}

function apiBaggage(baggage: Baggage): ApiBaggage {
  const entries = Array.from(baggage, ([key, { value, metadata }]) => {
    const properties = metadata === undefined ? {} : { metadata: baggageEntryMetadataFromString(metadata) };
    return [key, { value, ...properties }] as const;
  });
  return propagation.createBaggage(Object.fromEntries(entries));
}
