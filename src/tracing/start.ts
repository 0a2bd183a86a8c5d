/**
 * Tracing, put together from the configuration. This is the only way in: it is imported when tracing is enabled and not
 * before, and nothing outside this folder imports anything else of it.
 */
import type { TracingConfig } from '../config/tracing.ts';
import type { Log } from '../domain/log.ts';
import type { RequestTracer } from '../domain/span.ts';
import { DOUBLE_ATTRIBUTES } from './catalogue.ts';
import { createRequestTracer } from './instrumentation.ts';
import { BatchQueue, MAX_SPAN_BYTES, SEAL_BYTES } from './pipeline/batch-queue.ts';
import { ExporterLink } from './pipeline/exporter-link.ts';
import { Figures, type TracerStats } from './pipeline/figures.ts';
import type { ExporterSettings } from './pipeline/messages.ts';
import { Settler } from './pipeline/settler.ts';
import { TroubleLog } from './pipeline/trouble-log.ts';
import { TraceContextPropagator } from './propagation/trace-context.ts';
import { ByteWriter } from './recorder/byte-writer.ts';
import { Clock } from './recorder/clock.ts';
import { IdGenerator } from './recorder/ids.ts';
import { DEFAULT_LIMITS } from './recorder/limits.ts';
import { SpanEncoder } from './recorder/span-encoder.ts';
import { Tracer } from './recorder/tracer.ts';
import { encodeResource, encodeScope, resourceAttributes, SCOPE_NAME } from './resource.ts';
import { chooseSampler } from './sampler/choose-sampler.ts';

export interface TracingOptions {
  readonly log: Log;
  /** Version of the gateway: `service.version` unless the configuration sets one. */
  readonly serviceVersion?: string;
  /** Longest time from a batch's arrival at the exporter to its delivery, retries included. For tests. */
  readonly deadlineMillis?: number;
}

export interface TracingHandle {
  readonly tracer: RequestTracer;
  stats(): TracerStats;
  /**
   * Delivers what is queued, or drops and counts it, within `timeoutMillis`; spans that end afterwards are dropped and
   * counted. Safe twice, never rejects.
   */
  shutdown(timeoutMillis?: number): Promise<void>;
}

const DEADLINE_MILLIS = 60_000;
const SHUTDOWN_MILLIS = 5_000;

export function startTracing(config: TracingConfig, options: TracingOptions): TracingHandle {
  const figures = new Figures(config.batch.max_queue_size);
  const settler = new Settler(figures, new TroubleLog(options.log, figures, config.otlp.endpoint));
  const settings = exporterSettings(config, options);
  const link = new ExporterLink({ settings, program: exporterProgram(), events: settler });
  const queue = createQueue(config, figures, link);
  settler.queue = queue;
  const tracer = new Tracer({
    clock: new Clock(),
    ids: new IdGenerator(),
    limits: DEFAULT_LIMITS,
    sampler: chooseSampler(config.sampling.strategy, config.sampling.ratio),
    sink: queue,
  });
  let ending: Promise<void> | undefined;
  return {
    tracer: createRequestTracer(tracer, new TraceContextPropagator(), config.semantic_conventions),
    stats: () => figures.snapshot(),
    shutdown: (timeoutMillis = SHUTDOWN_MILLIS) => (ending ??= shutdown(queue, link, settler, timeoutMillis)),
  };
}

function createQueue({ batch }: TracingConfig, figures: Figures, link: ExporterLink): BatchQueue {
  const limits = {
    maxQueueSize: batch.max_queue_size,
    maxBatchSize: batch.max_export_batch_size,
    delayMillis: batch.scheduled_delay_millis,
  };
  const writer = new ByteWriter(SEAL_BYTES, SEAL_BYTES + MAX_SPAN_BYTES);
  return new BatchQueue(limits, figures, new SpanEncoder(DOUBLE_ATTRIBUTES), writer, link);
}

async function shutdown(queue: BatchQueue, link: ExporterLink, settler: Settler, timeoutMillis: number): Promise<void> {
  queue.close();
  for (const batch of await link.close(timeoutMillis)) settler.abandoned(batch);
}

function exporterSettings(config: TracingConfig, { serviceVersion = '', deadlineMillis }: TracingOptions) {
  const { otlp } = config;
  return {
    endpoint: otlp.endpoint,
    protocol: otlp.protocol,
    compression: otlp.compression,
    headers: otlp.headers,
    timeoutMillis: otlp.timeout_seconds * 1000,
    deadlineMillis: deadlineMillis ?? DEADLINE_MILLIS,
    userAgent: `mizuchi-uploadr/${serviceVersion || 'unknown'} (OTLP exporter)`,
    resource: encodeResource(resourceAttributes(config, serviceVersion)),
    scope: encodeScope(SCOPE_NAME, serviceVersion),
  } satisfies ExporterSettings;
}

/** The program of the exporter thread, compiled if this file is. */
function exporterProgram(): URL {
  const extension = import.meta.filename.endsWith('.ts') ? 'ts' : 'js';
  return new URL(`./exporter/exporter-thread.${extension}`, import.meta.url);
}
