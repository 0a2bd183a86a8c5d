/**
 * Counters, gauges and histograms with exemplars, in memory. Our own and not prom-client because one registry must be
 * shown both as Prometheus text and as OpenMetrics: see docs/decisions/metrics-registry.md.
 */
import type { Span } from '../domain/span.ts';
import { METRICS, type MetricName, type MetricShape } from './catalogue.ts';
import { NativeHistogram } from './native-histogram.ts';

export type Labels = readonly string[];

/** OpenMetrics 1.0, section "Exemplars": the first value of a series, or of a bucket, since the last collection. */
export interface Exemplar {
  readonly traceId: string;
  readonly spanId: string;
  readonly value: number;
  /** Unix time in seconds. */
  readonly time: number;
  /** The number of collections before it. */
  readonly round: number;
}

export interface Series {
  /** Values in the order of the catalogue's labels. */
  readonly labels: Labels;
  value: number;
  exemplar: Exemplar | undefined;
  /** Of a histogram: how many values fell into each bucket (not cumulated); the last is +Inf. */
  readonly counts: number[];
  readonly exemplars: (Exemplar | undefined)[];
  /** Of a histogram: the same values in exponential buckets. */
  readonly native: NativeHistogram | undefined;
}

export interface Family {
  readonly name: MetricName;
  readonly shape: MetricShape;
  readonly series: readonly Series[];
}

/** The trace of a value; undefined if it is not kept. */
export type TraceOfValue = { readonly traceId: string; readonly spanId: string } | undefined;

/** The trace of a span, if it is kept. */
export function traceOf({ sampled, traceId, spanId }: Pick<Span, 'sampled' | 'traceId' | 'spanId'>): TraceOfValue {
  return sampled && traceId !== undefined && spanId !== undefined ? { traceId, spanId } : undefined;
}

/** A limit in case that a label does not come from a closed set: the registry cannot grow without end. */
const MAX_SERIES = 2_000;

/** The series of one metric, found by one label after the other: joining the labels of each request would cost more. */
class Table {
  readonly bounds: readonly number[];
  readonly #depth: number;
  readonly series: Series[] = [];
  readonly #root: Branch = new Map();

  constructor({ labels, buckets = [] }: MetricShape) {
    this.#depth = labels.length;
    this.bounds = buckets;
  }

  of(labels: Labels, create: (labels: Labels) => Series): Series {
    let branch = this.#root;
    for (let i = 0; i < this.#depth - 1; i++) {
      let next = branch.get(labels[i]!) as Branch | undefined;
      if (next === undefined) {
        if (this.#isFull) return create(labels);
        branch.set(labels[i]!, (next = new Map()));
      }
      branch = next;
    }
    const last = labels[this.#depth - 1] ?? '';
    return (branch.get(last) as Series | undefined) ?? this.#add(branch, last, create(labels));
  }

  remove(labels: Labels): void {
    let branch = this.#root;
    for (let i = 0; i < this.#depth - 1; i++) {
      const next = branch.get(labels[i]!) as Branch | undefined;
      if (next === undefined) return;
      branch = next;
    }
    const last = labels[this.#depth - 1] ?? '';
    const series = branch.get(last) as Series | undefined;
    if (series === undefined) return;
    branch.delete(last);
    this.series.splice(this.series.indexOf(series), 1);
  }

  get #isFull(): boolean {
    return this.series.length >= MAX_SERIES;
  }

  #add(branch: Branch, last: string, series: Series): Series {
    if (this.#isFull) return series;
    this.series.push(series);
    branch.set(last, series);
    return series;
  }
}

type Branch = Map<string, Branch | Series>;

export class Registry {
  readonly #tables = new Map<MetricName, Table>();
  readonly #callbacks = new Set<() => void>();
  readonly #roundCallbacks = new Set<() => void>();
  #round = 0;

  /** Whether the metrics of the semantic conventions are recorded: only OTLP has them. */
  readonly isExported: boolean;

  constructor(isExported = false) {
    this.isExported = isExported;
    for (const [name, shape] of Object.entries(METRICS) as [MetricName, MetricShape][])
      if (isExported || shape.semconv === undefined) this.#tables.set(name, new Table(shape));
  }

  add(name: MetricName, labels: Labels, amount: number, trace?: TraceOfValue): void {
    const series = this.#table(name).of(labels, newCounter);
    series.value += amount;
    if (trace !== undefined && series.exemplar?.round !== this.#round) series.exemplar = this.#exemplar(trace, amount);
  }

  set(name: MetricName, labels: Labels, value: number): void {
    this.#table(name).of(labels, newCounter).value = value;
  }

  observe(name: MetricName, labels: Labels, value: number, trace?: TraceOfValue): void {
    const table = this.#table(name);
    const { bounds } = table;
    const series = table.of(labels, (values) => newHistogram(values, bounds.length));
    let bucket = 0;
    while (bucket < bounds.length && value > bounds[bucket]!) bucket++;
    series.value += value;
    series.counts[bucket]! += 1;
    series.native?.observe(value);
    if (trace !== undefined && series.exemplars[bucket]?.round !== this.#round)
      series.exemplars[bucket] = this.#exemplar(trace, value);
  }

  /** Is called for values that measure the time since the last collection. */
  onRound(callback: () => void): void {
    this.#roundCallbacks.add(callback);
  }

  /** Is called before each exposition, to set values that are only known then. @returns ends the calls. */
  onCollect(callback: () => void): () => void {
    this.#callbacks.add(callback);
    return () => void this.#callbacks.delete(callback);
  }

  /** The series of something that is no more. */
  remove(name: MetricName, labels: Labels): void {
    this.#table(name).remove(labels);
  }

  /** All series of a metric. */
  clear(name: MetricName): void {
    for (const { labels } of [...this.#table(name).series]) this.#table(name).remove(labels);
  }

  collect(): Family[] {
    for (const callback of this.#roundCallbacks) callback();
    const families = this.current();
    this.#round++;
    return families;
  }

  /** The series as they are now. Unlike a collection, it leaves exemplars and the values since the last collection as they are. */
  current(): Family[] {
    for (const callback of this.#callbacks) callback();
    return [...this.#tables].map(([name, { series }]) => ({ name, shape: METRICS[name], series }));
  }

  /** One for each collection is enough: nine for every request would be garbage, and keep the replaced ones alive. */
  #exemplar({ traceId, spanId }: NonNullable<TraceOfValue>, value: number): Exemplar {
    return { traceId, spanId, value, time: Date.now() / 1000, round: this.#round };
  }

  #table(name: MetricName): Table {
    return this.#tables.get(name) as Table;
  }
}

function newCounter(labels: Labels): Series {
  return { labels, value: 0, exemplar: undefined, counts: [], exemplars: [], native: undefined };
}

function newHistogram(labels: Labels, bounds: number): Series {
  const counts = new Array<number>(bounds + 1).fill(0);
  return { labels, value: 0, exemplar: undefined, counts, exemplars: [], native: new NativeHistogram() };
}
