/**
 * The tracer provider that was registered with `@opentelemetry/api` before the gateway started: a vendor's distribution or the
 * official SDK, by `node --import`. It does sampling, limits and export; names and attributes stay ours.
 */
import {
  isSpanContextValid,
  propagation,
  ROOT_CONTEXT,
  type TextMapPropagator,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import type { TracingConfig } from '../../config/tracing.ts';
import { SCHEMA_URL, SCOPE_NAME } from '../../export/otlp/resource.ts';
import { within } from '../../kit/within.ts';
import { choosePropagator } from '../propagation/choose-propagator.ts';
import { asTextMap } from './text-map.ts';

export interface FoundProvider {
  readonly tracer: Tracer;
  readonly propagator: TextMapPropagator;
  /** Has it export what it holds, if it can. Takes no longer, never rejects. */
  flush(timeoutMillis?: number): Promise<void>;
}

const FLUSH_MILLIS = 5_000;

/** @param propagators ours, where the configuration names some; else the registered one. @throws Error if none is registered. */
export async function findProvider(
  propagators: TracingConfig['propagators'],
  version: string | undefined,
): Promise<FoundProvider> {
  const provider = trace.getTracerProvider();
  const tracer = provider.getTracer(SCOPE_NAME, version, { schemaUrl: SCHEMA_URL });
  const probe = tracer.startSpan('probe', {}, ROOT_CONTEXT).spanContext();
  if (!isSpanContextValid(probe)) throw new Error(NOT_REGISTERED);
  return {
    tracer,
    propagator: propagators === undefined ? registered() : asTextMap(choosePropagator(propagators)),
    async flush(millis = FLUSH_MILLIS) {
      await within(millis, flush(provider));
    },
  };
}

const NOT_REGISTERED =
  'tracing: provider is global, but no tracer provider is registered; start with node --import FILE, where FILE registers one, ' +
  'or set tracing.provider: native';

/** The API's own face of the registered propagator lacks nothing that is used but `fields`. */
function registered(): TextMapPropagator {
  return {
    inject: (context, carrier, setter) => propagation.inject(context, carrier, setter),
    extract: (context, carrier, getter) => propagation.extract(context, carrier, getter),
    fields: () => propagation.fields(),
  };
}

/** The API knows no flush; providers of the SDK have one, behind the API's proxy. */
async function flush(provider: object): Promise<void> {
  const { getDelegate } = provider as { getDelegate?(): object };
  const real = getDelegate === undefined ? provider : getDelegate.call(provider);
  await (real as { forceFlush?(): Promise<void> }).forceFlush?.();
}
