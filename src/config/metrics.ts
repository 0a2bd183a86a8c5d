/** The section `metrics`: what the admin port serves to Prometheus, and export to a collector. */
import { ALIASES } from './admin.ts';
import { optionalObject, section, type ValueOf } from './field.ts';
import { NO_PATH_WITH_GRPC, otlpFields, signalPath } from './otlp.ts';
import { boolean, number } from './scalars.ts';

export const METRICS = section(
  {
    enabled: boolean({ prose: 'Whether `GET /metrics` is served.', default: true }),
    ...ALIASES,
    otlp: optionalObject(
      {
        ...otlpFields('/v1/metrics'),
        metrics_path: signalPath('/v1/metrics'),
        interval_seconds: number({ prose: 'The export interval.', default: 60, min: 0.1, max: 3600 }),
      },
      {
        prose:
          'Also sends the metrics to a collector, with their exemplars. The exporter is loaded only if a signal is exported.',
        rules: [NO_PATH_WITH_GRPC],
      },
    ),
  },
  { prose: 'Metrics for Prometheus, on the admin port.' },
);

export type MetricsConfig = ValueOf<typeof METRICS>;
