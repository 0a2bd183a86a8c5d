/** The section `metrics`: the admin port for Prometheus, and export to a collector. */
import { optionalList, optionalObject, section, type ValueOf } from './field.ts';
import { NO_PATH_WITH_GRPC, otlpFields, signalPath } from './otlp.ts';
import { boolean, integer, isHost, number, string } from './scalars.ts';

export const METRICS = section(
  {
    enabled: boolean({ prose: 'Whether `GET /metrics` is served.', default: true }),
    address: string({
      prose: 'The address of the admin port. Metrics contain bucket names: do not expose them publicly.',
      type: 'host name or IP address',
      default: '127.0.0.1',
      check: (host) => (isHost(host) ? undefined : 'is neither an IP address nor a host name'),
      hint: 'write an address without a port and without brackets, such as 127.0.0.1 or "::1"',
    }),
    port: integer({ prose: 'The admin port; 0 selects any free port.', default: 9090, min: 0, max: 65_535 }),
    allowed_hosts: optionalList(
      string({
        prose: 'A host name.',
        check: (name) => (isHost(name) ? undefined : 'is not a host name'),
        hint: 'write a host name without a port and without "*", such as gateway or metrics.example.internal',
      }),
      {
        prose:
          'Host names that scrapers use for this port, such as the name of a service. IP addresses, `localhost` and `metrics.address` are always allowed. Requests with any other Host get 421, which prevents DNS rebinding by web pages.',
        hint: 'name at least one, such as [gateway]',
      },
    ),
    max_connections: integer({
      prose: 'Maximum number of connections to this port. Further connections are closed.',
      default: 64,
      min: 1,
      max: 65_535,
    }),
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
  { prose: 'Metrics for Prometheus, on a separate admin port.' },
);

export type MetricsConfig = ValueOf<typeof METRICS>;
