/** Our own recorder: tracer, sampler, tail sampling, and the pipeline to the collector. */
import type { TracingConfig } from '../config/tracing.ts';
import type { Log } from '../domain/log.ts';
import type { RecordedRequests } from '../domain/recorded-requests.ts';
import type { BatchLimits } from '../export/batch-queue.ts';
import { ExporterLink } from '../export/exporter-link.ts';
import type { ExportSettings } from '../export/messages.ts';
import { openPipeline } from '../export/open-pipeline.ts';
import { DOUBLE_ATTRIBUTES } from './catalogue.ts';
import { checkFiles, type ExportOptions, exporterSettings, spanDestination } from './exporter-settings.ts';
import type { Propagator } from './propagation/propagator.ts';
import { Clock } from './recorder/clock.ts';
import type { EncodedCopies } from './recorder/encoded-copies.ts';
import { IdGenerator } from './recorder/ids.ts';
import { DEFAULT_LIMITS, type SpanLimits } from './recorder/limits.ts';
import type { SpanSink } from './recorder/recording-span.ts';
import type { CollectorParts, SpanCollector } from './recorder/span-collector.ts';
import { SpanEncoder } from './recorder/span-encoder.ts';
import { Tracer } from './recorder/tracer.ts';
import { chooseSampler } from './sampler/choose-sampler.ts';
import { withOverrides } from './sampler/overrides.ts';
import { RateCap } from './sampler/rate-cap.ts';
import { rateCapped } from './sampler/rate-capped.ts';
import type { Sampler } from './sampler/sampler.ts';
import { TailBuffer } from './sampler/tail-buffer.ts';
import { TracerFigures, type TracerStats } from './tracer-figures.ts';

export interface RecorderOptions extends ExportOptions {
  readonly log: Log;
  /** The exporter thread, if other signals share it; its own unless given. */
  readonly link?: ExporterLink;
}

/** Opens the collector of the spans of every request, whatever the sampler decides. */
export interface Collection {
  copiesOf(encoder: SpanEncoder): EncodedCopies;
  open(parts: CollectorParts): SpanCollector;
}

export interface Recorder {
  readonly tracer: Tracer;
  /** Undefined unless they are collected. */
  readonly recorded: RecordedRequests | undefined;
  stats(): TracerStats;
  /** @see TracingHandle.shutdown */
  shutdown(timeoutMillis: number): Promise<void>;
}

/** @param collection undefined if spans are not collected. @throws Error if a file that the configuration names cannot be used. */
export function openRecorder(
  config: TracingConfig,
  propagator: Propagator,
  options: RecorderOptions,
  collection?: Collection,
): Recorder {
  const figures = new TracerFigures(config.batch.max_queue_size);
  const settings = exporterSettings(config, options);
  checkFiles(settings);
  const exported = new SpanEncoder(DOUBLE_ATTRIBUTES);
  const copies = collection?.copiesOf(exported);
  const { queue, shutdown } = openPipeline({
    signal: 'traces',
    link: options.link ?? new ExporterLink(),
    settings,
    limits: batchLimits(config),
    counts: figures,
    encoder: copies ?? exported,
    log: options.log,
    destination: spanDestination(config),
  });
  const { sampling } = config;
  const tail = sampling.keep === undefined ? undefined : openTail(sampling, sampling.keep, queue, figures);
  const sink = tail ?? queue;
  const collector = copies && collection?.open(collectorParts(settings, sink, figures, copies));
  return {
    tracer: createTracer(config, propagator, tail, collector ?? sink, collector, figures),
    recorded: collector,
    stats: () => figures.snapshot(),
    shutdown,
  };
}

function collectorParts(
  { resource, scope }: ExportSettings,
  next: SpanSink,
  figures: TracerFigures,
  copies: EncodedCopies,
): CollectorParts {
  const encoder = new SpanEncoder(DOUBLE_ATTRIBUTES);
  return { next, encoder, copies, resource, scope, uncounted: (encode) => figures.withoutTruncations(encode) };
}

function createTracer(
  { sampling, limits: configured }: TracingConfig,
  propagator: Propagator,
  tail: TailBuffer | undefined,
  sink: SpanSink,
  collector: SpanCollector | undefined,
  figures: TracerFigures,
): Tracer {
  const limits = spanLimits(configured);
  const parts = {
    clock: new Clock(),
    ids: new IdGenerator(),
    propagator,
    sink,
  };
  return new Tracer({
    ...parts,
    tail,
    limits: { ...limits, truncated: (what) => void figures.truncated[what]++ },
    sampler: openSampler(sampling),
    unexported: collector && { ...parts, limits },
  });
}

function spanLimits(limits: TracingConfig['limits']): SpanLimits {
  return {
    ...DEFAULT_LIMITS,
    attributes: limits.attribute_count_limit,
    valueLength: limits.attribute_value_length_limit,
    events: limits.event_count_limit,
    links: limits.link_count_limit,
  };
}

function openSampler(config: TracingConfig['sampling']): Sampler {
  const { strategy, ratio, remote_ratio, overrides = [], max_traces_per_second } = config;
  const others = overrides.map((override) => ({
    bucket: override.bucket,
    operations: override.operations,
    sampler: chooseSampler(override.strategy, override.ratio, override.remote_ratio),
  }));
  const sampler = withOverrides(others, chooseSampler(strategy, ratio, remote_ratio));
  return max_traces_per_second === undefined ? sampler : rateCapped(sampler, new RateCap(max_traces_per_second));
}

function openTail(
  { max_traces_per_second: cap }: TracingConfig['sampling'],
  keep: NonNullable<TracingConfig['sampling']['keep']>,
  queue: SpanSink,
  figures: TracerFigures,
): TailBuffer {
  const { errors, denied, slower_than_seconds, larger_than, max_bytes, max_age_seconds } = keep;
  const rules = { errors, denied, slowerThanSeconds: slower_than_seconds, largerThanBytes: larger_than };
  const limits = {
    maxBytes: max_bytes,
    maxAgeMillis: max_age_seconds * 1000,
    cap: cap === undefined ? undefined : new RateCap(cap),
  };
  return new TailBuffer(rules, limits, queue, {
    kept: (reason) => figures.tailed(reason),
    evicted: () => figures.tailed('evicted'),
    rateLimited: () => figures.tailed('rate_limited'),
  });
}

function batchLimits({ batch }: TracingConfig): BatchLimits {
  return {
    maxQueueSize: batch.max_queue_size,
    maxQueueBytes: batch.max_queue_bytes,
    maxBatchSize: batch.max_export_batch_size,
    delayMillis: batch.scheduled_delay_millis,
  };
}
