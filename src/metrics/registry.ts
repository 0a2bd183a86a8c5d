/**
 * Counters, gauges and histograms with exemplars, in memory. Our own and not prom-client because one registry must be
 * shown both as Prometheus text and as OpenMetrics: see docs/decisions/metrics-registry.md.
 */
import { METRICS, type MetricName, type MetricShape } from './catalogue.ts';

export type Labels = readonly string[];

/** OpenMetrics 1.0, section "Exemplars": the first value of a series, or of a bucket, since it was looked at last. */
export interface Exemplar {
  readonly traceId: string;
  readonly spanId: string;
  readonly value: number;
  /** Unix time in seconds. */
  readonly time: number;
  /** How often everything had been looked at. */
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
}

export interface Family {
  readonly name: MetricName;
  readonly shape: MetricShape;
  readonly series: Iterable<Series>;
}

/** Where a trace can be found for a value; undefined for traces that are not kept. */
export type TraceOfValue = { readonly traceId: string; readonly spanId: string } | undefined;

/** Labels come from closed sets; should one not, the registry still cannot grow without end. */
const MAX_SERIES = 2_000;

export class Registry {
  readonly #families = new Map<MetricName, Map<string, Series>>();
  readonly #callbacks: (() => void)[] = [];
  #round = 0;

  constructor() {
    for (const name of Object.keys(METRICS) as MetricName[]) this.#families.set(name, new Map());
  }

  add(name: MetricName, labels: Labels, amount: number, trace?: TraceOfValue): void {
    const series = this.#seriesOf(name, labels);
    series.value += amount;
    if (trace !== undefined && series.exemplar?.round !== this.#round) series.exemplar = this.#exemplar(trace, amount);
  }

  set(name: MetricName, labels: Labels, value: number): void {
    this.#seriesOf(name, labels).value = value;
  }

  observe(name: MetricName, labels: Labels, value: number, trace?: TraceOfValue): void {
    const series = this.#seriesOf(name, labels);
    const bounds = (METRICS[name] as MetricShape).buckets ?? [];
    let bucket = 0;
    while (bucket < bounds.length && value > bounds[bucket]!) bucket++;
    series.value += value;
    series.counts[bucket]! += 1;
    if (trace !== undefined && series.exemplars[bucket]?.round !== this.#round)
      series.exemplars[bucket] = this.#exemplar(trace, value);
  }

  /** Is called before each exposition, to set values that are only known then. */
  onCollect(callback: () => void): void {
    this.#callbacks.push(callback);
  }

  collect(): Family[] {
    for (const callback of this.#callbacks) callback();
    this.#round++;
    return [...this.#families].map(([name, series]) => ({ name, shape: METRICS[name], series: series.values() }));
  }

  /** One is enough for each look: nine of every request would be garbage, and keep what they replace alive. */
  #exemplar({ traceId, spanId }: NonNullable<TraceOfValue>, value: number): Exemplar {
    return { traceId, spanId, value, time: Date.now() / 1000, round: this.#round };
  }

  #seriesOf(name: MetricName, labels: Labels): Series {
    const family = this.#families.get(name) as Map<string, Series>;
    const key = labels.join('\0');
    let series = family.get(key);
    if (series === undefined) {
      const counts = new Array<number>(((METRICS[name] as MetricShape).buckets?.length ?? -1) + 1).fill(0);
      series = { labels, value: 0, exemplar: undefined, counts, exemplars: [] };
      if (family.size < MAX_SERIES) family.set(key, series);
    }
    return series;
  }
}
