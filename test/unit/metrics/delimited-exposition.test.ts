/** Prometheus' Protocol Buffers format, decoded by protobufjs: not by code of this project. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import protobuf from 'protobufjs';
import { expose } from '../../../src/metrics/exposition.ts';
import { Registry } from '../../../src/metrics/registry.ts';

/** prometheus/client_model 0.6, io/prometheus/client/metrics.proto: the messages that a gateway sends. */
const PROTO = `
syntax = "proto2";
message LabelPair { optional string name = 1; optional string value = 2; }
enum MetricType { COUNTER = 0; GAUGE = 1; SUMMARY = 2; UNTYPED = 3; HISTOGRAM = 4; GAUGE_HISTOGRAM = 5; }
message Gauge { optional double value = 1; }
message Counter { optional double value = 1; optional Exemplar exemplar = 2; }
message Histogram {
  optional uint64 sample_count = 1;
  optional double sample_sum = 2;
  repeated Bucket bucket = 3;
  optional sint32 schema = 5;
  optional double zero_threshold = 6;
  optional uint64 zero_count = 7;
  repeated BucketSpan positive_span = 12;
  repeated sint64 positive_delta = 13;
}
message Bucket { optional uint64 cumulative_count = 1; optional double upper_bound = 2; optional Exemplar exemplar = 3; }
message BucketSpan { optional sint32 offset = 1; optional uint32 length = 2; }
message Timestamp { optional int64 seconds = 1; optional int32 nanos = 2; }
message Exemplar { repeated LabelPair label = 1; optional double value = 2; optional Timestamp timestamp = 3; }
message Metric { repeated LabelPair label = 1; optional Gauge gauge = 2; optional Counter counter = 3; optional Histogram histogram = 7; }
message MetricFamily { optional string name = 1; optional string help = 2; optional MetricType type = 3; repeated Metric metric = 4; }
`;
const MetricFamily = protobuf.parse(PROTO, { keepCase: true }).root.lookupType('MetricFamily');
const PROTOBUF = 'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited';
const TRACE = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };
const LABELS = ['größe', 'PutObject'];

// biome-ignore lint/suspicious/noExplicitAny: decoded messages have no type
function scraped(registry: Registry): Map<string, any> {
  const { contentType, body } = expose(registry, PROTOBUF);
  assert.equal(contentType, PROTOBUF.replaceAll(';', '; '));
  const reader = protobuf.Reader.create(body as Uint8Array);
  const families = new Map();
  while (reader.pos < reader.len) {
    const family = MetricFamily.toObject(MetricFamily.decodeDelimited(reader), { longs: Number, enums: String });
    families.set(family.name, family);
  }
  return families;
}

/** The counts by upper bound, as Prometheus reads them from spans and deltas. */
// biome-ignore lint/suspicious/noExplicitAny: decoded messages have no type
function nativeBuckets({ schema, positive_span = [], positive_delta = [] }: any): [number, number][] {
  const buckets: [number, number][] = [];
  let index = 0;
  let count = 0;
  for (const { offset, length } of positive_span) {
    index += offset;
    for (let i = 0; i < length; i++) {
      count += positive_delta[buckets.length];
      buckets.push([2 ** (index++ / 2 ** schema), count]);
    }
  }
  return buckets;
}

describe('the Protocol Buffers format', () => {
  it('has counters and gauges with their labels and exemplars', () => {
    const registry = new Registry();
    registry.add('mizuchi_uploads', [...LABELS, 'success'], 2 ** 40, TRACE);
    registry.set('mizuchi_connections', [], 7);
    const families = scraped(registry);
    assert.deepEqual([...families.keys()], ['mizuchi_uploads_total', 'mizuchi_connections']);
    const { type, metric } = families.get('mizuchi_uploads_total');
    assert.equal(type, 'COUNTER');
    assert.deepEqual(metric[0].label, [
      { name: 'bucket', value: 'größe' },
      { name: 'operation', value: 'PutObject' },
      { name: 'result', value: 'success' },
    ]);
    assert.equal(metric[0].counter.value, 2 ** 40);
    const { label, timestamp } = metric[0].counter.exemplar;
    assert.deepEqual(label, [
      { name: 'trace_id', value: TRACE.traceId },
      { name: 'span_id', value: TRACE.spanId },
    ]);
    assert.ok(Math.abs(timestamp.seconds + timestamp.nanos / 1e9 - Date.now() / 1000) < 60);
    assert.deepEqual(families.get('mizuchi_connections'), {
      name: 'mizuchi_connections',
      help: 'Open connections of the upload port.',
      type: 'GAUGE',
      metric: [{ gauge: { value: 7 } }],
    });
  });

  it('has every value of a histogram in its classic bucket and in the native one that holds it', () => {
    const registry = new Registry();
    const values = [0, 1e-9, 0.004, 0.3, 0.3, 1, 1.0001, 17, 99_999, 1e12];
    for (const value of values) registry.observe('mizuchi_upload_duration_seconds', LABELS, value, TRACE);
    const { histogram } = scraped(registry).get('mizuchi_upload_duration_seconds').metric[0];
    assert.equal(histogram.sample_count, values.length);
    assert.equal(
      histogram.sample_sum,
      values.reduce((sum, value) => sum + value, 0),
    );
    for (const { cumulative_count, upper_bound } of histogram.bucket)
      assert.equal(cumulative_count, values.filter((value) => value <= upper_bound).length, `${upper_bound}`);
    assert.equal(histogram.bucket.at(-1).upper_bound, Number.POSITIVE_INFINITY);
    assert.equal(histogram.bucket.at(-1).exemplar.value, 99_999);
    assert.equal(histogram.zero_count, values.filter((value) => value <= histogram.zero_threshold).length);
    const growth = 2 ** (1 / 2 ** histogram.schema);
    const buckets = nativeBuckets(histogram);
    assert.equal(buckets.reduce((sum, [, count]) => sum + count, 0) + histogram.zero_count, values.length);
    for (const [bound, count] of buckets.slice(0, -1)) {
      const within = values.filter((value) => value > bound / growth && value <= bound);
      assert.equal(within.length, count, `${bound}`);
    }
    assert.deepEqual(buckets.at(-1), [2 ** 24, 1]);
  });

  it('is used only for the message that it has', () => {
    for (const accept of [
      'application/vnd.google.protobuf',
      'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=text',
      `${PROTOBUF};q=0.5,text/plain;q=0.6`,
    ])
      assert.match(expose(new Registry(), accept).contentType, /^text\/plain/, accept);
    const prometheus = `${PROTOBUF},application/openmetrics-text;version=1.0.0;q=0.8,text/plain;version=0.0.4;q=0.5,*/*;q=0.1`;
    assert.match(expose(new Registry(), prometheus).contentType, /protobuf/);
  });

  it('holds 2,000 series of a metric at most', () => {
    const registry = new Registry();
    for (let i = 0; i < 3_000; i++) registry.observe('mizuchi_upload_duration_seconds', [`bucket-${i}`, 'x'], i);
    assert.equal(scraped(registry).get('mizuchi_upload_duration_seconds').metric.length, 2_000);
  });
});
