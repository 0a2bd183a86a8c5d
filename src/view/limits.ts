/** The limits with a gauge of their use: a table of the settings and of the metrics that belong together. */
import { FIXED_LIMITS } from '../domain/fixed-limits.ts';
import type { MetricName } from '../metrics/catalogue.ts';
import type { Limit } from './documents.ts';
import type { SeriesValues } from './series-values.ts';

interface LimitRow {
  readonly unit: Limit['unit'];
  /** Each of its series is the use of one limit. */
  readonly used: MetricName;
  readonly waiting?: MetricName;
  /** @param labels of the series of `used`. */
  setting(labels: readonly string[]): string;
  /** Instead of the limit that has the name of the setting. */
  limit?(values: SeriesValues): number | undefined;
}

const LIMITS: readonly LimitRow[] = [
  { unit: 'items', used: 'mizuchi_connections', setting: () => 'server.max_connections' },
  { unit: 'items', used: 'mizuchi_uploads_in_flight', setting: () => 'upload.concurrent_uploads' },
  { unit: 'items', used: 'mizuchi_forms_reading', setting: () => 'fixed.form_share', limit: mostForms },
  {
    unit: 'bytes',
    used: 'mizuchi_part_memory_bytes',
    waiting: 'mizuchi_part_memory_waiting',
    setting: () => 'upload.memory_limit',
  },
  {
    unit: 'items',
    used: 'mizuchi_store_connections_in_use',
    waiting: 'mizuchi_store_connections_waiting',
    setting: ([bucket]) => `buckets.${bucket}.s3.max_connections`,
  },
  {
    unit: 'items',
    used: 'mizuchi_engine_calls_in_flight',
    waiting: 'mizuchi_engine_calls_waiting',
    setting: ([bucket, engine]) => `buckets.${bucket}.authz.${engine}.max_concurrent`,
  },
  {
    unit: 'items',
    used: 'mizuchi_tracer_queue_spans',
    setting: () => 'tracing.batch.max_queue_size',
    limit: (values) => values.one('mizuchi_tracer_queue_capacity_spans'),
  },
  {
    unit: 'items',
    used: 'process_open_fds',
    setting: () => 'file_descriptors',
    limit: (values) => values.one('process_max_fds'),
  },
];

/** A limit that is 0 is off. */
export function limitsOf(values: SeriesValues): Limit[] {
  return LIMITS.flatMap((row) =>
    values.all(row.used).flatMap(({ labels, value: used }) => {
      const { unit, waiting } = row;
      const setting = row.setting(labels);
      const limit = row.limit?.(values) ?? values.one(`mizuchi_limit_${unit}`, [setting]);
      if (limit === undefined || limit === 0) return [];
      return { setting, unit, limit, used, waiting: waiting === undefined ? null : (values.one(waiting, labels) ?? 0) };
    }),
  );
}

/** POST forms have a part of the concurrent uploads while their fields are read. */
function mostForms(values: SeriesValues): number | undefined {
  const uploads = values.one('mizuchi_limit_items', ['upload.concurrent_uploads']);
  return uploads === undefined ? undefined : Math.ceil(uploads * FIXED_LIMITS.form_share);
}
