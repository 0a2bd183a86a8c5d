/**
 * Tracing, built from the configuration. This is the only entry: it is imported when tracing is enabled and not before.
 * No file outside this folder imports anything else of it.
 */
import type { TracingConfig } from '../config/tracing.ts';
import type { RecordedRequests } from '../domain/recorded-requests.ts';
import type { RequestTracer } from '../domain/span.ts';
import { createRequestTracer } from './instrumentation.ts';
import { type Collection, openRecorder, type RecorderOptions } from './open-recorder.ts';
import { choosePropagator } from './propagation/choose-propagator.ts';
import { Inbound } from './propagation/inbound.ts';
import type { RequestRecorder } from './request-recorder.ts';
import type { TracerStats } from './tracer-figures.ts';

export interface TracingHandle {
  readonly tracer: RequestTracer;
  /** Undefined where another provider records. */
  readonly stats?: () => TracerStats;
  /** The spans of all requests; undefined unless they are collected. */
  readonly recorded?: RecordedRequests | undefined;
  /**
   * Delivers the queue, or drops and counts its spans, within `timeoutMillis`; spans that end afterwards are dropped and
   * counted. Safe twice, never rejects.
   */
  shutdown(timeoutMillis?: number): Promise<void>;
}

export interface NativeTracing extends TracingHandle {
  readonly stats: () => TracerStats;
}

export interface TracingOptions extends RecorderOptions {
  /** Whether the spans of every request are collected, whatever the sampler decides. */
  readonly collects?: boolean;
}

const SHUTDOWN_MILLIS = 5_000;

/** @throws Error if a file that the configuration names cannot be used, or no provider is there that should be. */
export function startTracing(config: TracingConfig, options: TracingOptions): Promise<TracingHandle> {
  return config.provider === 'global' ? startGlobal(config, options) : startNative(config, options);
}

/** Recorded and exported by us. */
export async function startNative(config: TracingConfig, options: TracingOptions): Promise<NativeTracing> {
  const propagator = choosePropagator(config.propagators ?? ['tracecontext']);
  const collection = options.collects === true ? await collectionOf() : undefined;
  const recorder = openRecorder(config, propagator, options, collection);
  return {
    tracer: requestTracer(config, recorder.tracer),
    stats: () => recorder.stats(),
    recorded: recorder.recorded,
    shutdown: (timeoutMillis = SHUTDOWN_MILLIS) => recorder.shutdown(timeoutMillis),
  };
}

/** Its code is loaded only where spans are collected. */
async function collectionOf(): Promise<Collection> {
  const { EncodedCopies } = await import('./recorder/encoded-copies.ts');
  const { SpanCollector } = await import('./recorder/span-collector.ts');
  return { copiesOf: (encoder) => new EncodedCopies(encoder), open: (parts) => new SpanCollector(parts) };
}

async function startGlobal(config: TracingConfig, { serviceVersion }: RecorderOptions): Promise<TracingHandle> {
  const { findProvider } = await import('./api/global-provider.ts');
  const { throughApi } = await import('./api/api-span.ts');
  const { tracer, propagator, flush } = await findProvider(config.propagators, serviceVersion);
  return {
    tracer: requestTracer(config, throughApi(tracer, propagator)),
    shutdown: (timeoutMillis) => flush(timeoutMillis),
  };
}

function requestTracer<Others>(config: TracingConfig, recorder: RequestRecorder<Others>): RequestTracer {
  const { semantic_conventions: conventions, span_names: spanNames } = config;
  return createRequestTracer(recorder, { conventions, spanNames, inbound: inboundOf(config) });
}

function inboundOf({ provider, inbound: mode, trusted_proxies: trusted = [], sampling }: TracingConfig): Inbound {
  if (provider === 'native') return new Inbound({ mode, trusted });
  return new Inbound({ mode, trusted, remoteRatio: sampling.remote_ratio });
}
