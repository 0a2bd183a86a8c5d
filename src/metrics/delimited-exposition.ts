/**
 * The registry in the Protocol Buffers format of Prometheus: one length-delimited `MetricFamily` after the other
 * (prometheus/client_model, io/prometheus/client/metrics.proto). It is the only format with native histograms.
 */
import { ByteWriter } from '../kit/byte-writer.ts';
import type { MetricShape } from './catalogue.ts';
import { type BucketSpan, type NativeHistogram, SCHEMA, ZERO_THRESHOLD } from './native-histogram.ts';
import type { Family } from './registry.ts';
import type { Exemplar, Labels, Series } from './series.ts';

/** Tags: field number · 8 + wire type. */
const FAMILY = { name: 0x0a, help: 0x12, type: 0x18, metric: 0x22 } as const;
const TYPE = { counter: 0, gauge: 1, histogram: 4 } as const;
const METRIC = { label: 0x0a, gauge: 0x12, counter: 0x1a, histogram: 0x3a } as const;
const LABEL = { name: 0x0a, value: 0x12 } as const;
const NUMBER = { value: 0x09, exemplar: 0x12 } as const;
const EXEMPLAR = { label: 0x0a, value: 0x11, timestamp: 0x1a } as const;
const TIMESTAMP = { seconds: 0x08, nanos: 0x10 } as const;
const BUCKET = { cumulativeCount: 0x08, upperBound: 0x11, exemplar: 0x1a } as const;
const HISTOGRAM = {
  count: 0x08,
  sum: 0x11,
  bucket: 0x1a,
  schema: 0x28,
  zeroThreshold: 0x31,
  zeroCount: 0x38,
  span: 0x62,
  delta: 0x68,
} as const;
const SPAN = { offset: 0x08, length: 0x10 } as const;

/** More than all series that the registry may hold take. */
const MOST_BYTES = 256 * 1024 ** 2;
const FIRST_BYTES = 64 * 1024;
/** More than the tags, lengths and numbers of one message take. */
const FIXED_PART = 64;

export function delimitedFamilies(families: readonly Family[]): Uint8Array {
  const out = new ByteWriter(FIRST_BYTES, MOST_BYTES);
  for (const family of families) {
    if (family.series.length === 0) continue;
    const start = out.open();
    writeFamily(out, family);
    out.close(start);
  }
  return out.bytes.subarray(0, out.length);
}

function writeFamily(out: ByteWriter, { name, shape, series }: Family): void {
  text(out, FAMILY.name, shape.type === 'counter' ? `${name}_total` : name);
  text(out, FAMILY.help, shape.help);
  integer(out, FAMILY.type, TYPE[shape.type]);
  for (const one of series) {
    message(out, FAMILY.metric, () => {
      writeLabels(out, METRIC.label, shape.labels, one.labels);
      writeValue(out, shape, one);
    });
  }
}

function writeLabels(out: ByteWriter, tag: number, names: Labels, values: Labels): void {
  for (let i = 0; i < names.length; i++) {
    message(out, tag, () => {
      text(out, LABEL.name, names[i]!);
      text(out, LABEL.value, values[i] ?? '');
    });
  }
}

function writeValue(out: ByteWriter, { type, buckets = [] }: MetricShape, series: Series): void {
  message(out, METRIC[type], () => {
    if (type === 'histogram') return writeHistogram(out, buckets, series);
    double(out, NUMBER.value, series.value);
    if (type === 'counter') writeExemplar(out, NUMBER.exemplar, series.exemplar);
  });
}

function writeHistogram(
  out: ByteWriter,
  bounds: readonly number[],
  { counts, exemplars, value, native }: Series,
): void {
  let cumulated = 0;
  for (const [i, count] of counts.entries()) {
    cumulated += count;
    message(out, HISTOGRAM.bucket, () => {
      integer(out, BUCKET.cumulativeCount, cumulated);
      double(out, BUCKET.upperBound, bounds[i] ?? Number.POSITIVE_INFINITY);
      writeExemplar(out, BUCKET.exemplar, exemplars[i]);
    });
  }
  integer(out, HISTOGRAM.count, cumulated);
  double(out, HISTOGRAM.sum, value);
  if (native !== undefined) writeNative(out, native);
}

function writeNative(out: ByteWriter, native: NativeHistogram): void {
  const spans = native.spans();
  signed(out, HISTOGRAM.schema, SCHEMA);
  double(out, HISTOGRAM.zeroThreshold, ZERO_THRESHOLD);
  integer(out, HISTOGRAM.zeroCount, native.zeroCount);
  writeSpans(out, spans);
  let previous = 0;
  for (const count of spans.flatMap(({ counts }) => counts)) {
    signed(out, HISTOGRAM.delta, count - previous);
    previous = count;
  }
}

/** Each span begins the given number of buckets after the one before it. An empty span marks a native histogram without values. */
function writeSpans(out: ByteWriter, spans: readonly BucketSpan[]): void {
  if (spans.length === 0) writeSpan(out, 0, 0);
  let end = 0;
  for (const { first, counts } of spans) {
    writeSpan(out, first - end, counts.length);
    end = first + counts.length;
  }
}

function writeSpan(out: ByteWriter, offset: number, length: number): void {
  message(out, HISTOGRAM.span, () => {
    signed(out, SPAN.offset, offset);
    integer(out, SPAN.length, length);
  });
}

function writeExemplar(out: ByteWriter, tag: number, exemplar: Exemplar | undefined): void {
  if (exemplar === undefined) return;
  const { traceId, spanId, value, time } = exemplar;
  const seconds = Math.floor(time);
  message(out, tag, () => {
    writeLabels(out, EXEMPLAR.label, ['trace_id', 'span_id'], [traceId, spanId]);
    double(out, EXEMPLAR.value, value);
    message(out, EXEMPLAR.timestamp, () => {
      integer(out, TIMESTAMP.seconds, seconds);
      integer(out, TIMESTAMP.nanos, Math.floor((time - seconds) * 1e9));
    });
  });
}

function message(out: ByteWriter, tag: number, write: () => void): void {
  out.reserve(FIXED_PART);
  out.byte(tag);
  const start = out.open();
  write();
  out.close(start);
}

function text(out: ByteWriter, tag: number, content: string): void {
  out.reserve(FIXED_PART);
  out.byte(tag);
  out.text(content);
}

/** @param value an integer from 0 to 2^53 − 1. */
function integer(out: ByteWriter, tag: number, value: number): void {
  out.reserve(FIXED_PART);
  out.byte(tag);
  out.varint(value);
}

/** In ZigZag (protobuf.dev, "Encoding"). @param value an integer within ±2^52. */
function signed(out: ByteWriter, tag: number, value: number): void {
  integer(out, tag, value < 0 ? -2 * value - 1 : 2 * value);
}

function double(out: ByteWriter, tag: number, value: number): void {
  out.reserve(FIXED_PART);
  out.byte(tag);
  out.double(value);
}
