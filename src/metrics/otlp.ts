/** The metrics of the registry, sent to a collector by the official SDK. Loaded only where the configuration asks for it. */
import { type HrTime, ValueType } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AggregationTemporality,
  type DataPoint,
  DataPointType,
  type Histogram,
  MeterProvider,
  type MetricData,
  type MetricProducer,
  PeriodicExportingMetricReader,
  type PushMetricExporter,
} from '@opentelemetry/sdk-metrics';
import type { MetricsConfig } from '../config/metrics.ts';
import type { Log } from '../domain/log.ts';
import { attemptExport } from '../kit/attempt-export.ts';
import { accessTo, grpcOptions, httpOptions, within } from '../kit/otlp-exporter.ts';
import type { MetricShape } from './catalogue.ts';
import type { Family, Registry, Series } from './registry.ts';

export type MetricsOtlp = NonNullable<MetricsConfig['otlp']>;
const SCOPE = 'mizuchi-uploadr';

export type ResourceAttributes = Readonly<Record<string, string | number>>;

/**
 * @param directory where relative paths of the configuration begin. @throws Error if a file that it names cannot be used.
 * @returns sends them a last time, and ends it; takes no longer than it is told and never rejects.
 */
export async function pushMetrics(
  registry: Registry,
  config: MetricsOtlp,
  resource: ResourceAttributes,
  log: Log,
  directory = process.cwd(),
): Promise<(millis: number) => Promise<void>> {
  const interval = config.interval_seconds * 1000;
  const reader = new PeriodicExportingMetricReader({
    exporter: await exporterOf(config, directory),
    exportIntervalMillis: interval,
    exportTimeoutMillis: Math.min(interval, config.timeout_seconds * 1000),
    metricProducers: [producerOf(registry)],
  });
  const provider = new MeterProvider({ resource: resourceFromAttributes(resource), readers: [reader] });
  return async (millis) => {
    if (!(await within(millis, provider.shutdown()))) log.warn({}, 'the last metrics did not reach the collector');
  };
}

/**
 * Sends one metric that says that we were here.
 * @param directory where relative paths of the configuration begin. @throws Error if a file that it names cannot be used.
 * @returns why it was not taken; undefined if it was.
 */
export async function tryMetrics(
  config: MetricsOtlp,
  resource: ResourceAttributes,
  millis: number,
  directory: string,
): Promise<string | undefined> {
  const exporter = await exporterOf(config, directory);
  const now = hrTime(Date.now());
  const descriptor = { name: 'mizuchi_doctor', description: 'A probe.', unit: '', valueType: ValueType.DOUBLE };
  const probe: MetricData = {
    descriptor,
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
    dataPointType: DataPointType.GAUGE,
    dataPoints: [{ startTime: now, endTime: now, attributes: {}, value: 1 }],
  };
  const scopeMetrics = [{ scope: { name: SCOPE }, metrics: [probe] }];
  const metrics = { resource: resourceFromAttributes(resource), scopeMetrics };
  return attemptExport(millis, (done) => exporter.export(metrics, done));
}

async function exporterOf(config: MetricsOtlp, directory: string): Promise<PushMetricExporter> {
  const access = accessTo(config, directory, 'metrics.otlp');
  if (config.protocol === 'grpc') {
    const { OTLPMetricExporter } = await import('@opentelemetry/exporter-metrics-otlp-grpc');
    return new OTLPMetricExporter(await grpcOptions(config, access));
  }
  const { OTLPMetricExporter } = await import('@opentelemetry/exporter-metrics-otlp-proto');
  return new OTLPMetricExporter(httpOptions(config, '/v1/metrics', access));
}

/** Everything is cumulative since the process began. */
export function producerOf(registry: Registry): MetricProducer {
  const start = hrTime(Date.now());
  return {
    async collect() {
      const end = hrTime(Date.now());
      const metrics = registry.collect().map((family) => metricOf(family, start, end));
      const scopeMetrics = [{ scope: { name: SCOPE }, metrics }];
      return { resourceMetrics: { resource: resourceFromAttributes({}), scopeMetrics }, errors: [] };
    },
  };
}

function hrTime(unixMillis: number): HrTime {
  return [Math.floor(unixMillis / 1000), (unixMillis % 1000) * 1e6];
}

function metricOf({ name, shape, series }: Family, startTime: HrTime, endTime: HrTime): MetricData {
  const descriptor = { name, description: shape.help, unit: unitOf(name), valueType: ValueType.DOUBLE };
  const aggregationTemporality = AggregationTemporality.CUMULATIVE;
  const points = <T>(value: (one: Series) => T): DataPoint<T>[] =>
    [...series].map((one) => ({ startTime, endTime, attributes: attributesOf(shape, one), value: value(one) }));
  if (shape.type === 'histogram') {
    const dataPoints = points((one) => histogramOf(shape, one));
    return { descriptor, aggregationTemporality, dataPointType: DataPointType.HISTOGRAM, dataPoints };
  }
  const dataPoints = points(({ value }) => value);
  if (shape.type === 'gauge')
    return { descriptor, aggregationTemporality, dataPointType: DataPointType.GAUGE, dataPoints };
  return { descriptor, aggregationTemporality, dataPointType: DataPointType.SUM, isMonotonic: true, dataPoints };
}

function attributesOf({ labels }: MetricShape, series: Series): Record<string, string> {
  return Object.fromEntries(labels.map((label, i) => [label, series.labels[i] ?? '']));
}

function histogramOf({ buckets = [] }: MetricShape, { value: sum, counts }: Series): Histogram {
  const count = counts.reduce((total, each) => total + each, 0);
  return { buckets: { boundaries: [...buckets], counts: [...counts] }, sum, count };
}

/** UCUM, from the ending that Prometheus asks for. */
function unitOf(name: string): string {
  if (name.endsWith('_seconds')) return 's';
  return name.endsWith('_bytes') ? 'By' : '';
}
