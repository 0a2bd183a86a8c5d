/** A metric with all its series as the bytes of OTLP: one field `metrics` of ScopeMetrics (opentelemetry-proto, metrics/v1/metrics.proto). */
import type { ItemEncoder } from '../export/batch-queue.ts';
import { AttributeEncoder } from '../export/otlp/attribute-encoder.ts';
import { type ByteWriter, type UnixZero, unixZero } from '../kit/byte-writer.ts';
import type { MetricShape } from './catalogue.ts';
import type { Family } from './registry.ts';
import type { Exemplar, Series } from './series.ts';

/** A metric at the moment of a collection. */
export interface Collected {
  readonly family: Family;
  /** When the process began to count. */
  readonly start: UnixZero;
  readonly time: UnixZero;
  /** Unix seconds: older exemplars went out with an earlier collection. */
  readonly exemplarsSince: number;
}

/** Tags: field number · 8 + wire type. */
const SCOPE_METRICS = { metrics: 0x12 } as const;
const METRIC = { name: 0x0a, description: 0x12, unit: 0x1a, gauge: 0x2a, sum: 0x3a, histogram: 0x4a } as const;
const DATA = { dataPoints: 0x0a, temporality: 0x10, isMonotonic: 0x18 } as const;
const NUMBER_POINT = { start: 0x11, time: 0x19, asDouble: 0x21, exemplars: 0x2a, attributes: 0x3a } as const;
const HISTOGRAM_POINT = {
  start: 0x11,
  time: 0x19,
  count: 0x21,
  sum: 0x29,
  bucketCounts: 0x32,
  explicitBounds: 0x3a,
  exemplars: 0x42,
  attributes: 0x4a,
} as const;
const EXEMPLAR = { time: 0x11, asDouble: 0x19, spanId: 0x22, traceId: 0x2a } as const;
/** AggregationTemporality: everything counts from the start of the process. */
const CUMULATIVE = 2;
/** More than all fields of fixed size take together. */
const FIXED_PART = 96;

/** The most exemplars of one family in one collection, about 50 bytes each: 2,000 histograms with them fit into one item. */
const MAX_EXEMPLARS = 4_000;

export class MetricEncoder implements ItemEncoder<Collected> {
  readonly #attributes = new AttributeEncoder(new Set());
  /** Of the family that is being encoded. */
  #exemplars = 0;

  /** @throws TooLarge */
  encode(out: ByteWriter, collected: Collected): void {
    const { name, shape } = collected.family;
    this.#exemplars = 0;
    const metric = begin(out, SCOPE_METRICS.metrics);
    textField(out, METRIC.name, name);
    textField(out, METRIC.description, shape.help);
    textField(out, METRIC.unit, shape.semconv?.unit ?? unitOf(name));
    const data = begin(out, tagOf(shape));
    for (const series of collected.family.series) {
      if (shape.type === 'histogram') this.#histogramPoint(out, collected, series);
      else this.#numberPoint(out, collected, series);
    }
    out.reserve(FIXED_PART);
    if (shape.type !== 'gauge') {
      out.byte(DATA.temporality);
      out.byte(CUMULATIVE);
    }
    if (shape.type === 'counter') {
      out.byte(DATA.isMonotonic);
      out.byte(1);
    }
    out.close(data);
    out.close(metric);
  }

  #numberPoint(out: ByteWriter, collected: Collected, series: Series): void {
    const point = begin(out, DATA.dataPoints);
    times(out, collected, NUMBER_POINT);
    out.byte(NUMBER_POINT.asDouble);
    out.double(series.value);
    this.#exemplar(out, NUMBER_POINT.exemplars, series.exemplar, collected);
    this.#labels(out, NUMBER_POINT.attributes, collected.family.shape, series);
    out.close(point);
  }

  #histogramPoint(out: ByteWriter, collected: Collected, series: Series): void {
    const { counts, value: sum } = series;
    const point = begin(out, DATA.dataPoints);
    times(out, collected, HISTOGRAM_POINT);
    out.byte(HISTOGRAM_POINT.count);
    fixed64(
      out,
      counts.reduce((total, each) => total + each, 0),
    );
    out.byte(HISTOGRAM_POINT.sum);
    out.double(sum);
    packed(out, HISTOGRAM_POINT.bucketCounts, counts, fixed64);
    packed(out, HISTOGRAM_POINT.explicitBounds, collected.family.shape.buckets ?? [], (_, bound) => out.double(bound));
    for (const each of series.exemplars) this.#exemplar(out, HISTOGRAM_POINT.exemplars, each, collected);
    this.#labels(out, HISTOGRAM_POINT.attributes, collected.family.shape, series);
    out.close(point);
  }

  #exemplar(out: ByteWriter, tag: number, given: Exemplar | undefined, { exemplarsSince }: Collected): void {
    if (given === undefined || given.time < exemplarsSince || this.#exemplars >= MAX_EXEMPLARS) return;
    this.#exemplars++;
    writeExemplar(out, tag, given);
  }

  #labels(out: ByteWriter, tag: number, { labels, semconv }: MetricShape, series: Series): void {
    for (const [i, label] of labels.entries()) {
      const value = series.labels[i] ?? '';
      if (semconv !== undefined && value === '') continue;
      const attribute = semconv?.integers.includes(label) ? Number(value) : value;
      this.#attributes.write(out, tag, this.#attributes.key(label), attribute);
    }
  }
}

function tagOf({ type }: MetricShape): number {
  if (type === 'histogram') return METRIC.histogram;
  return type === 'gauge' ? METRIC.gauge : METRIC.sum;
}

/** Begins an embedded message, with room for its fields of fixed size. */
function begin(out: ByteWriter, tag: number): number {
  out.reserve(FIXED_PART);
  out.byte(tag);
  const start = out.open();
  out.reserve(FIXED_PART);
  return start;
}

function textField(out: ByteWriter, tag: number, text: string): void {
  if (text === '') return;
  out.reserve(FIXED_PART);
  out.byte(tag);
  out.text(text);
}

function times(out: ByteWriter, { start, time }: Collected, tags: { readonly start: number; readonly time: number }) {
  out.byte(tags.start);
  out.time(start, 0);
  out.byte(tags.time);
  out.time(time, 0);
}

/** Without filtered attributes: exemplars have no labels beyond those of their series. */
function writeExemplar(out: ByteWriter, tag: number, { traceId, spanId, value, time }: Exemplar): void {
  const start = begin(out, tag);
  out.byte(EXEMPLAR.time);
  out.time(unixZero(time * 1000), 0);
  out.byte(EXEMPLAR.asDouble);
  out.double(value);
  out.byte(EXEMPLAR.spanId);
  out.byte(8);
  out.hex(spanId);
  out.byte(EXEMPLAR.traceId);
  out.byte(16);
  out.hex(traceId);
  out.close(start);
}

/** A repeated field of eight bytes each. */
function packed(
  out: ByteWriter,
  tag: number,
  values: readonly number[],
  write: (out: ByteWriter, value: number) => void,
) {
  out.reserve(FIXED_PART + 8 * values.length);
  out.byte(tag);
  out.varint(8 * values.length);
  for (const value of values) write(out, value);
  out.reserve(FIXED_PART);
}

/** @param value an integer from 0 to 2^53 − 1. */
function fixed64(out: ByteWriter, value: number): void {
  out.fixed32(value >>> 0);
  out.fixed32(Math.floor(value / 0x1_0000_0000));
}

/** UCUM, from the suffix that Prometheus requires. */
function unitOf(name: string): string {
  if (name.endsWith('_seconds')) return 's';
  if (name.endsWith('_bytes_per_second')) return 'By/s';
  if (name.endsWith('_ratio')) return '1';
  return name.endsWith('_bytes') ? 'By' : '';
}
