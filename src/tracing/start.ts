/**
 * Tracing, put together from the configuration. This is the only way in: it is imported when tracing is enabled and not
 * before, and nothing outside this folder imports anything else of it.
 */
import type { TracingConfig } from '../config/tracing.ts';
import type { RequestTracer } from '../domain/span.ts';
import { createRequestTracer } from './instrumentation.ts';
import { openRecorder, type RecorderOptions } from './open-recorder.ts';
import type { TracerStats } from './pipeline/figures.ts';
import { choosePropagator } from './propagation/choose-propagator.ts';
import { Inbound } from './propagation/inbound.ts';

export interface TracingHandle {
  readonly tracer: RequestTracer;
  stats(): TracerStats;
  /**
   * Delivers what is queued, or drops and counts it, within `timeoutMillis`; spans that end afterwards are dropped and
   * counted. Safe twice, never rejects.
   */
  shutdown(timeoutMillis?: number): Promise<void>;
}

const SHUTDOWN_MILLIS = 5_000;

export async function startTracing(config: TracingConfig, options: RecorderOptions): Promise<TracingHandle> {
  const propagator = await choosePropagator(config.propagators ?? ['tracecontext']);
  const recorder = openRecorder(config, options);
  return {
    tracer: createRequestTracer(recorder.tracer, propagator, config.semantic_conventions, inboundOf(config)),
    stats: () => recorder.stats(),
    shutdown: (timeoutMillis = SHUTDOWN_MILLIS) => recorder.shutdown(timeoutMillis),
  };
}

function inboundOf({ inbound: mode, trusted_proxies: trusted = [], sampling }: TracingConfig): Inbound {
  return new Inbound({ mode, trusted, remoteRatio: sampling.remote_ratio });
}
