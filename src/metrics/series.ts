/** The series of one metric, and what their users keep of them to count. */
import type { Span } from '../domain/span.ts';
import type { MetricShape } from './catalogue.ts';
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

/** The trace of a value; undefined if it is not kept. */
export type TraceOfValue = { readonly traceId: string; readonly spanId: string } | undefined;

/** The trace of a span, if it is kept. */
export function traceOf({ sampled, traceId, spanId }: Pick<Span, 'sampled' | 'traceId' | 'spanId'>): TraceOfValue {
  return sampled && traceId !== undefined && spanId !== undefined ? { traceId, spanId } : undefined;
}

/** A limit in case that a label does not come from a closed set: the registry cannot grow without end. */
export const MAX_SERIES = 2_000;

export class SeriesTable {
  readonly bounds: readonly number[];
  readonly #isHistogram: boolean;
  readonly #byLabels = new Map<string, Series>();
  /** The number of collections. */
  round = 0;
  /** How often series were removed: handles find their series again after each. */
  removals = 0;

  constructor({ type, buckets = [] }: MetricShape) {
    this.#isHistogram = type === 'histogram';
    this.bounds = buckets;
  }

  get series(): readonly Series[] {
    return [...this.#byLabels.values()];
  }

  /** Joins the labels: what counts every request keeps a handle. */
  of(labels: Labels): Series {
    const key = labels.join('\0');
    const found = this.#byLabels.get(key);
    if (found !== undefined) return found;
    const created = this.#isHistogram ? newHistogram(labels, this.bounds.length) : newCounter(labels);
    if (this.#byLabels.size < MAX_SERIES) this.#byLabels.set(key, created);
    return created;
  }

  remove(labels: Labels): void {
    if (this.#byLabels.delete(labels.join('\0'))) this.removals++;
  }

  clear(): void {
    this.#byLabels.clear();
    this.removals++;
  }
}

/** A series that its user looks up once. It exists from its first value on, and again from the first one after its removal. */
abstract class Handle {
  protected readonly table: SeriesTable;
  readonly #labels: Labels;
  #found: Series | undefined;
  #removals = 0;

  constructor(table: SeriesTable, labels: Labels) {
    this.table = table;
    this.#labels = labels;
  }

  protected get series(): Series {
    const { removals } = this.table;
    if (this.#found !== undefined && this.#removals === removals) return this.#found;
    this.#removals = removals;
    return (this.#found = this.table.of(this.#labels));
  }
}

export class Counter extends Handle {
  add(amount: number, trace?: TraceOfValue): void {
    const { series } = this;
    series.value += amount;
    const { round } = this.table;
    if (trace !== undefined && series.exemplar?.round !== round) series.exemplar = newExemplar(trace, amount, round);
  }
}

export class Histogram extends Handle {
  observe(value: number, trace?: TraceOfValue): void {
    const { series } = this;
    const { bounds, round } = this.table;
    let bucket = 0;
    while (bucket < bounds.length && value > bounds[bucket]!) bucket++;
    series.value += value;
    series.counts[bucket]! += 1;
    series.native!.observe(value);
    if (trace !== undefined && series.exemplars[bucket]?.round !== round)
      series.exemplars[bucket] = newExemplar(trace, value, round);
  }
}

/** One for each collection is enough: nine for every request would be garbage, and keep the replaced ones alive. */
function newExemplar({ traceId, spanId }: NonNullable<TraceOfValue>, value: number, round: number): Exemplar {
  return { traceId, spanId, value, time: Date.now() / 1000, round };
}

function newCounter(labels: Labels): Series {
  return { labels, value: 0, exemplar: undefined, counts: [], exemplars: [], native: undefined };
}

function newHistogram(labels: Labels, bounds: number): Series {
  const counts = new Array<number>(bounds + 1).fill(0);
  return { labels, value: 0, exemplar: undefined, counts, exemplars: [], native: new NativeHistogram() };
}
