/** Our encoding of metrics next to that of the official SDK: decoded, they are the same message. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type HrTime, ValueType } from '@opentelemetry/api';
import { ProtobufMetricsSerializer } from '@opentelemetry/otlp-transformer';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { AggregationTemporality, DataPointType, type MetricData } from '@opentelemetry/sdk-metrics';
import { otlpRequest } from '../../../src/export/otlp/otlp-request.ts';
import { encodeResource, encodeScope } from '../../../src/export/otlp/resource.ts';
import { ByteWriter, unixZero } from '../../../src/kit/byte-writer.ts';
import type { MetricShape } from '../../../src/metrics/catalogue.ts';
import { MetricEncoder } from '../../../src/metrics/metric-encoder.ts';
import { type Family, Registry } from '../../../src/metrics/registry.ts';
import { decodeSignal } from '../../support/otlp-signals.ts';

const START = 1_790_000_000_123;
const END = 1_790_000_060_456;
const RESOURCE = { 'service.name': 'größe', 'process.pid': 7 };
const LABELS = ['uploads', 'PutObject'];
const TRACE = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };

function filled(trace?: typeof TRACE): Family[] {
  const registry = new Registry();
  registry.add('mizuchi_uploads', [...LABELS, 'success'], 3, trace);
  registry.add('mizuchi_uploads', ['größe', 'x'.repeat(300), ''], 2 ** 40);
  registry.set('mizuchi_connections', [], 0);
  for (const value of [0.004, 0.3, 0.3, 99_999])
    registry.observe('mizuchi_upload_duration_seconds', LABELS, value, trace);
  registry.observe('mizuchi_upload_duration_seconds', ['other', 'PutObject'], 1);
  const families = registry.collect().map((family) => ({ ...family, series: [...family.series] }));
  return families.filter(({ series }) => series.length > 0);
}

function ours(families: readonly Family[], exemplarsSince = 0): Uint8Array {
  const out = new ByteWriter(64, 1024 * 1024);
  const encoder = new MetricEncoder();
  for (const family of families)
    encoder.encode(out, { family, start: unixZero(START), time: unixZero(END), exemplarsSince });
  return otlpRequest(
    encodeResource(RESOURCE),
    encodeScope({ name: 'mizuchi-uploadr' }),
    out.bytes.subarray(0, out.length),
  );
}

const hrTime = (millis: number): HrTime => [Math.floor(millis / 1000), (millis % 1000) * 1e6];

function official(families: readonly Family[]): Uint8Array {
  const scopeMetrics = [{ scope: { name: 'mizuchi-uploadr' }, metrics: families.map(metricOf) }];
  return ProtobufMetricsSerializer.serializeRequest({ resource: resourceFromAttributes(RESOURCE), scopeMetrics })!;
}

function metricOf({ name, shape, series }: Family): MetricData {
  const unit = name.endsWith('_seconds') ? 's' : '';
  const descriptor = { name, description: shape.help, unit, valueType: ValueType.DOUBLE };
  const common = { descriptor, aggregationTemporality: AggregationTemporality.CUMULATIVE };
  const points = <T>(valueIn: (one: (typeof all)[number]) => T) =>
    all.map((one) => ({
      startTime: hrTime(START),
      endTime: hrTime(END),
      attributes: Object.fromEntries(shape.labels.map((label, i) => [label, one.labels[i]!])),
      value: valueIn(one),
    }));
  const all = [...series];
  const boundaries = [...((shape as MetricShape).buckets ?? [])];
  if (shape.type === 'gauge')
    return { ...common, dataPointType: DataPointType.GAUGE, dataPoints: points(({ value }) => value) };
  if (shape.type === 'counter')
    return { ...common, dataPointType: DataPointType.SUM, isMonotonic: true, dataPoints: points(({ value }) => value) };
  const dataPoints = points(({ value: sum, counts }) => ({
    buckets: { boundaries, counts: [...counts] },
    sum,
    count: counts.reduce((total, each) => total + each, 0),
  }));
  return { ...common, dataPointType: DataPointType.HISTOGRAM, dataPoints };
}

// biome-ignore lint/suspicious/noExplicitAny: decoded messages have no type
const metricsIn = (bytes: Uint8Array): any[] =>
  decodeSignal('ExportMetrics', bytes).resourceMetrics[0].scopeMetrics[0].metrics;

describe('metrics as OTLP', () => {
  it('are the message that the official SDK sends', () => {
    const families = filled();
    assert.equal(families.length, 3);
    assert.deepEqual(decodeSignal('ExportMetrics', ours(families)), decodeSignal('ExportMetrics', official(families)));
  });

  it('have the exemplars of counters and of each bucket', () => {
    const before = Date.now();
    const [uploads, duration] = metricsIn(ours(filled(TRACE)));
    const exemplars = [...uploads.sum.dataPoints[0].exemplars, ...duration.histogram.dataPoints[0].exemplars];
    assert.deepEqual(
      exemplars.map(({ asDouble }) => asDouble),
      [3, 0.004, 0.3, 99_999],
    );
    for (const { traceId, spanId, timeUnixNano } of exemplars) {
      assert.equal(Buffer.from(traceId, 'base64').toString('hex'), TRACE.traceId);
      assert.equal(Buffer.from(spanId, 'base64').toString('hex'), TRACE.spanId);
      const millis = Number(BigInt(timeUnixNano) / 1_000_000n);
      assert.ok(millis >= before && millis <= Date.now(), timeUnixNano);
    }
  });

  it('have no exemplar a second time', () => {
    const families = filled(TRACE);
    const [uploads] = metricsIn(ours(families, Date.now() / 1000 + 1));
    assert.equal(uploads.sum.dataPoints[0].exemplars, undefined);
  });

  it('of as many series as a family may have fit into one item, with exemplars', () => {
    const registry = new Registry();
    for (let i = 0; i < 2_500; i++) {
      for (const value of [0.004, 0.02, 0.3, 1, 3, 10, 60, 300, 99_999])
        registry.observe('mizuchi_upload_duration_seconds', [`bucket-${i}`, 'CompleteMultipartUpload'], value, TRACE);
    }
    const [duration] = metricsIn(
      ours([...registry.collect()].filter(({ name }) => name === 'mizuchi_upload_duration_seconds')),
    );
    const points: { exemplars?: unknown[] }[] = duration.histogram.dataPoints;
    const exemplars = points.reduce((sum, point) => sum + (point.exemplars?.length ?? 0), 0);
    assert.deepEqual([points.length, exemplars], [2_000, 4_000]);
  });
});
