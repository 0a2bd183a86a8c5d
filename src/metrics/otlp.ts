/** Pushes the metrics of the registry to a collector at an interval. Loaded only with `metrics.otlp`. */
import type { MetricsConfig } from '../config/metrics.ts';
import type { Log } from '../domain/log.ts';
import { ExportCounts, type ExportStats } from '../export/export-counts.ts';
import { checkedSettings, DEADLINE_MILLIS, destinationOf, type SignalContext } from '../export/export-settings.ts';
import type { ExporterLink } from '../export/exporter-link.ts';
import { openPipeline } from '../export/open-pipeline.ts';
import { probe } from '../export/probe.ts';
import { ByteWriter, unixZero } from '../kit/byte-writer.ts';
import { METRICS, type MetricName } from './catalogue.ts';
import { type Collected, MetricEncoder } from './metric-encoder.ts';
import type { Family } from './registry.ts';

export type MetricsOtlp = NonNullable<MetricsConfig['otlp']>;

export interface PushedMetrics {
  stats(): ExportStats;
  /** Sends the metrics a last time, and ends. Takes no longer than `millis`, never rejects. */
  shutdown(millis: number): Promise<void>;
}

/** Most families in the queue: one collection that is under way, and the last one. */
const QUEUE_SIZE = 2 * Object.keys(METRICS).length;
/** More than two collections with every series that the registry may hold usually take. */
const QUEUE_BYTES = 16 * 1024 ** 2;
const PROBE_BYTES = 1024;

/** @param source collects the metrics. @throws Error if a file that the configuration names cannot be used. */
export function pushMetrics(
  source: () => readonly Family[] | Promise<readonly Family[]>,
  config: MetricsOtlp,
  context: SignalContext,
  link: ExporterLink,
  log: Log,
): PushedMetrics {
  const interval = config.interval_seconds * 1000;
  const deadlineMillis = Math.min(DEADLINE_MILLIS, Math.max(interval, config.timeout_seconds * 1000));
  const settings = checkedSettings('metrics', config, context, deadlineMillis);
  const counts = new ExportCounts(QUEUE_SIZE);
  const { queue, shutdown } = openPipeline({
    signal: 'metrics',
    link,
    settings,
    limits: {
      maxQueueSize: QUEUE_SIZE,
      maxQueueBytes: QUEUE_BYTES,
      maxBatchSize: QUEUE_SIZE,
      delayMillis: interval,
    },
    counts,
    encoder: new MetricEncoder(),
    log,
    destination: destinationOf(config.endpoint),
  });
  const start = unixZero(Date.now());
  let exemplarsSince = 0;
  const collect = async (): Promise<void> => {
    const now = Date.now();
    for (const family of nonEmpty(await source())) queue.add({ family, start, time: unixZero(now), exemplarsSince });
    exemplarsSince = now / 1000;
    queue.flush();
  };
  // Metrics are cumulative: while a collection is under way the next one would only take its memory a second time.
  const timer = setInterval(() => counts.queued === 0 && void collect(), interval).unref();
  let ending: Promise<void> | undefined;
  const end = async (millis: number): Promise<void> => {
    clearInterval(timer);
    await collect();
    await shutdown(millis);
  };
  return { stats: () => counts.snapshot(), shutdown: (millis) => (ending ??= end(millis)) };
}

/**
 * Sends one metric as a probe.
 * @throws Error if a file that the configuration names cannot be used.
 * @returns why it was not accepted; undefined if it was.
 */
export async function probeMetrics(
  config: MetricsOtlp,
  context: SignalContext,
  millis: number,
): Promise<string | undefined> {
  const settings = checkedSettings('metrics', config, context, millis);
  const now = unixZero(Date.now());
  const shape = { type: 'gauge', help: 'A probe.', labels: [] } as const;
  const series = [{ labels: [], value: 1, exemplar: undefined, counts: [], exemplars: [], native: undefined }];
  const family = { name: 'mizuchi_doctor' as MetricName, shape, series };
  const out = new ByteWriter(PROBE_BYTES, PROBE_BYTES);
  new MetricEncoder().encode(out, { family, start: now, time: now, exemplarsSince: 0 });
  return probe('metrics', settings, out.take(), millis);
}

function nonEmpty(families: readonly Family[]): Collected['family'][] {
  return families
    .filter(({ series }) => series.length > 0)
    .map((family) => ({ ...family, series: [...family.series] }));
}
