/** The health of the whole gateway: that of its processes, and the figures of its metrics. */
import type { Family } from '../metrics/registry.ts';
import type { HealthDocument } from './documents.ts';
import { limitsOf } from './limits.ts';
import { mergeHealth } from './merge-health.ts';
import { certificatesOf, startedAt, workerFigures } from './process-figures.ts';
import { SeriesValues } from './series-values.ts';
import type { HealthOfProcess } from './sources.ts';

export interface HealthParts {
  readonly version: string;
  /** Of the probe `/ready`. */
  readonly ready: string;
  /** The metrics of the whole gateway. */
  readonly families: readonly Pick<Family, 'name' | 'series'>[];
  readonly processes: readonly HealthOfProcess[];
}

export function healthDocument({ version, ready, families, processes }: HealthParts): HealthDocument {
  const values = new SeriesValues(families);
  const at = Date.now();
  return {
    at,
    version,
    started_at: startedAt(values),
    ready,
    workers: workerFigures(values),
    ...mergeHealth(processes),
    limits: limitsOf(values),
    certificates: certificatesOf(values, at),
  };
}
