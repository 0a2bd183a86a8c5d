/**
 * Counters, gauges and histograms with exemplars, in memory. Our own and not prom-client because one registry must be
 * shown both as Prometheus text and as OpenMetrics: see docs/decisions/metrics-registry.md.
 */
import { METRICS, type MetricName, type MetricShape } from './catalogue.ts';
import { Counter, Histogram, type Labels, type Series, SeriesTable, type TraceOfValue } from './series.ts';

export interface Family {
  readonly name: MetricName;
  readonly shape: MetricShape;
  readonly series: readonly Series[];
}

export class Registry {
  readonly #tables = new Map<MetricName, SeriesTable>();
  readonly #callbacks = new Set<() => void>();
  readonly #roundCallbacks = new Set<() => void>();

  /** Whether the metrics of the semantic conventions are recorded: only OTLP has them. */
  readonly isExported: boolean;

  constructor(isExported = false) {
    this.isExported = isExported;
    for (const [name, shape] of Object.entries(METRICS) as [MetricName, MetricShape][])
      if (isExported || shape.semconv === undefined) this.#tables.set(name, new SeriesTable(shape));
  }

  /** For values of every request: the series is looked up once. */
  counter(name: MetricName, labels: Labels): Counter {
    return new Counter(this.#table(name), labels);
  }

  /** @see counter */
  histogram(name: MetricName, labels: Labels): Histogram {
    return new Histogram(this.#table(name), labels);
  }

  add(name: MetricName, labels: Labels, amount: number, trace?: TraceOfValue): void {
    this.counter(name, labels).add(amount, trace);
  }

  observe(name: MetricName, labels: Labels, value: number, trace?: TraceOfValue): void {
    this.histogram(name, labels).observe(value, trace);
  }

  set(name: MetricName, labels: Labels, value: number): void {
    this.#table(name).of(labels).value = value;
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
    this.#table(name).clear();
  }

  collect(): Family[] {
    for (const callback of this.#roundCallbacks) callback();
    const families = this.current();
    for (const table of this.#tables.values()) table.round++;
    return families;
  }

  /** The series as they are now. Unlike a collection, it leaves exemplars and the values since the last collection as they are. */
  current(): Family[] {
    for (const callback of this.#callbacks) callback();
    return [...this.#tables].map(([name, { series }]) => ({ name, shape: METRICS[name], series }));
  }

  #table(name: MetricName): SeriesTable {
    return this.#tables.get(name) as SeriesTable;
  }
}
