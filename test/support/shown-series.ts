/** The value, or the sum, of each series that a registry shows. The key is its name and its labels, with spaces between them. */
import type { Registry } from '../../src/metrics/registry.ts';

export function shownSeries(registry: Registry): Record<string, number> {
  return Object.fromEntries(
    registry
      .current()
      .flatMap(({ name, series }) => series.map(({ labels, value }) => [[name, ...labels].join(' '), value])),
  );
}
