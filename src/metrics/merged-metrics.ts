/**
 * The metrics of several processes as those of one gateway. Counters and histograms are summed, and those of ended processes stay in
 * the sums, so that they never decrease. Gauges are summed, or their maximum or minimum is shown. The newest exemplars are shown.
 */
import { METRICS, type MetricName, type MetricShape } from './catalogue.ts';
import { NativeHistogram, type PlainNativeHistogram } from './native-histogram.ts';
import type { Family, Registry } from './registry.ts';
import type { Exemplar, Labels, Series } from './series.ts';

/** A series that can be sent to another process. */
export interface PlainSeries extends Pick<Series, 'labels' | 'value' | 'exemplar' | 'counts' | 'exemplars'> {
  readonly native: PlainNativeHistogram | undefined;
}

export interface PlainFamily {
  readonly name: MetricName;
  readonly series: readonly PlainSeries[];
}

export function plainFamilies(registry: Pick<Registry, 'collect'>): PlainFamily[] {
  return registry.collect().flatMap(({ name, series }) => {
    if (series.length === 0) return [];
    return { name, series: series.map((one) => ({ ...one, native: one.native?.plain })) };
  });
}

/** Gauges of which one value is that of the whole gateway. All others are summed. */
const MAXIMUM: ReadonlySet<MetricName> = new Set([
  'mizuchi_authz_breaker_state',
  'mizuchi_export_breaker_state',
  'mizuchi_tracer_breaker_state',
  'mizuchi_identity_keys_last_success_timestamp_seconds',
  'mizuchi_last_reload_success_timestamp_seconds',
  'mizuchi_store_info',
  'nodejs_eventloop_delay_seconds',
  // Of the process that is closest to its limit.
  'process_max_fds',
  'process_open_fds',
]);
const MINIMUM: ReadonlySet<MetricName> = new Set([
  'mizuchi_last_reload_successful',
  'mizuchi_pump_available',
  'mizuchi_tls_certificate_not_after_timestamp_seconds',
  'process_start_time_seconds',
]);
/** What only the primary knows of the whole gateway: each worker has a part of the limits. */
const OF_PRIMARY = /^mizuchi_(limit|config|build_info|workers)/;

export class MergedMetrics {
  readonly #own: Pick<Registry, 'collect' | 'current'>;
  readonly #workers = new Map<number, readonly PlainFamily[]>();
  #ended: readonly PlainFamily[] = [];

  /** @param own the registry of the primary. */
  constructor(own: Pick<Registry, 'collect' | 'current'>) {
    this.#own = own;
  }

  /** Replaces the previous values of a worker. */
  update(worker: number, families: readonly PlainFamily[]): void {
    this.#workers.set(worker, families);
  }

  /** The worker has ended: its counters stay. */
  end(worker: number): void {
    const families = this.#workers.get(worker) ?? [];
    this.#workers.delete(worker);
    const lasting = families.filter(({ name }) => (METRICS[name] as MetricShape).type !== 'gauge');
    this.#ended = plainFamilies({ collect: () => merged([this.#ended, lasting]) });
  }

  collect(): Family[] {
    return this.#mergedWith(plainFamilies(this.#own));
  }

  /** The series as they are now. @see Registry.current */
  current(): Family[] {
    return this.#mergedWith(plainFamilies({ collect: () => this.#own.current() }));
  }

  #mergedWith(own: readonly PlainFamily[]): Family[] {
    return merged([own, ...this.#workers.values(), this.#ended]);
  }
}

/** @param sources the first one is the primary. */
function merged(sources: readonly (readonly PlainFamily[])[]): Family[] {
  return (Object.keys(METRICS) as MetricName[]).flatMap((name) => {
    const found = OF_PRIMARY.test(name) ? sources.slice(0, 1) : sources;
    const series = found.flatMap((families) => families.find((family) => family.name === name)?.series ?? []);
    return series.length === 0 ? [] : { name, shape: METRICS[name] as MetricShape, series: mergedSeries(name, series) };
  });
}

function mergedSeries(name: MetricName, all: readonly PlainSeries[]): Series[] {
  const byLabels = new Map<string, Series>();
  for (const one of all) {
    const key = one.labels.join('\0');
    const sum = byLabels.get(key);
    if (sum === undefined) byLabels.set(key, copyOf(one));
    else addTo(sum, one, combine(name));
  }
  return [...byLabels.values()];
}

function copyOf({ labels, value, exemplar, counts, exemplars, native }: PlainSeries): Series {
  return {
    labels: labels as Labels,
    value,
    exemplar,
    counts: [...counts],
    exemplars: [...exemplars],
    native: native && nativeOf(native),
  };
}

function nativeOf(plain: PlainNativeHistogram): NativeHistogram {
  const histogram = new NativeHistogram();
  histogram.add(plain);
  return histogram;
}

function combine(name: MetricName): (one: number, other: number) => number {
  if (MAXIMUM.has(name)) return Math.max;
  return MINIMUM.has(name) ? Math.min : (one, other) => one + other;
}

function addTo(sum: Series, one: PlainSeries, combined: (one: number, other: number) => number): void {
  sum.value = combined(sum.value, one.value);
  sum.exemplar = newer(sum.exemplar, one.exemplar);
  for (const [i, count] of one.counts.entries()) {
    sum.counts[i] = (sum.counts[i] ?? 0) + count;
    sum.exemplars[i] = newer(sum.exemplars[i], one.exemplars[i]);
  }
  if (one.native !== undefined) sum.native?.add(one.native);
}

function newer(one: Exemplar | undefined, other: Exemplar | undefined): Exemplar | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return other.time > one.time ? other : one;
}
