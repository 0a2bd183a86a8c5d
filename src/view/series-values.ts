/** Values of collected metrics, by the labels of their series. */
import type { MetricName } from '../metrics/catalogue.ts';
import type { Family } from '../metrics/registry.ts';

export interface SeriesValue {
  /** In the order of the catalogue. */
  readonly labels: readonly string[];
  readonly value: number;
}

export class SeriesValues {
  readonly #series: ReadonlyMap<string, readonly SeriesValue[]>;

  /** @param families a metric that is not among them has no series. */
  constructor(families: readonly Pick<Family, 'name' | 'series'>[]) {
    this.#series = new Map(families.map(({ name, series }) => [name, series]));
  }

  all(name: MetricName): readonly SeriesValue[] {
    return this.#series.get(name) ?? [];
  }

  /** @returns undefined if there is no such series. */
  one(name: MetricName, labels: readonly string[] = []): number | undefined {
    return this.all(name).find((each) => labels.every((label, i) => each.labels[i] === label))?.value;
  }
}
