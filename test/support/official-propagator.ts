/** A propagator of the official packages behind our interface. */
import {
  type Baggage as ApiBaggage,
  type Context,
  propagation,
  ROOT_CONTEXT,
  type TextMapPropagator,
  trace,
} from '@opentelemetry/api';
import { headersOf, rawHeadersGetter } from '../../src/tracing/api/header-carrier.ts';
import { asOwn, remote } from '../../src/tracing/api/text-map.ts';
import type { Baggage, Carried, Propagator } from '../../src/tracing/propagation/propagator.ts';

/** It keeps values in the context, such as the debug flag of B3. */
interface InContext extends Carried {
  readonly context: Context;
}

export function officialPropagator(official: TextMapPropagator): Propagator {
  return {
    extract(headers, found) {
      const context = official.extract(ROOT_CONTEXT, headers, rawHeadersGetter);
      if (context === ROOT_CONTEXT) return found;
      const caller = trace.getSpanContext(context);
      const others: InContext = { baggage: baggageOf(propagation.getBaggage(context)), context };
      return { caller: caller && asOwn(caller), others };
    },
    inject(span, carried) {
      const { context = ROOT_CONTEXT } = (carried ?? {}) as Partial<InContext>;
      return headersOf(official, trace.setSpanContext(context, remote(span)));
    },
  };
}

function baggageOf(baggage: ApiBaggage | undefined): Baggage | undefined {
  const entries = baggage?.getAllEntries();
  return (
    entries && new Map(entries.map(([key, { value, metadata }]) => [key, { value, metadata: metadata?.toString() }]))
  );
}
