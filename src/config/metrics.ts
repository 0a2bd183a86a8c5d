/** The section `metrics`: the port for Prometheus, and the way to a collector. */
import { optionalList, optionalObject, section, type ValueOf } from './field.ts';
import { NO_PATH_WITH_GRPC, otlpFields } from './otlp.ts';
import { boolean, integer, isHost, number, string } from './scalars.ts';

export const METRICS = section(
  {
    enabled: boolean({ prose: 'Whether `GET /metrics` is served.', default: true }),
    address: string({
      prose: 'The address that it is served on. The metrics name buckets: keep them private.',
      type: 'host name or IP address',
      default: '127.0.0.1',
      check: (host) => (isHost(host) ? undefined : 'is neither an IP address nor a host name'),
      mend: 'write an address without a port and without brackets, such as 127.0.0.1 or "::1"',
    }),
    port: integer({ prose: 'The port; 0 is any free one.', default: 9090, min: 0, max: 65_535 }),
    allowed_hosts: optionalList(
      string({
        prose: 'A host name.',
        check: (name) => (isHost(name) ? undefined : 'is not a host name'),
        mend: 'write it without a port and without "*", such as gateway or metrics.example.internal',
      }),
      {
        prose:
          'Host names by which scrapers reach this port, such as the name of a service. IP addresses, `localhost` and `metrics.address` are always served; every other name in Host gets 421, so that no page in a browser can read the metrics under a name of its own (DNS rebinding).',
        mend: 'name at least one, such as [gateway]',
      },
    ),
    max_connections: integer({
      prose: 'Most connections to this port at once; one more is closed.',
      default: 64,
      min: 1,
      max: 65_535,
    }),
    otlp: optionalObject(
      {
        ...otlpFields('/v1/metrics'),
        interval_seconds: number({ prose: 'How often they are sent.', default: 60, min: 0.1, max: 3600 }),
      },
      {
        prose: 'Sends the same metrics to a collector as well, with their exemplars.',
        rules: [NO_PATH_WITH_GRPC],
      },
    ),
  },
  { prose: 'Metrics for Prometheus, on a port of their own.' },
);

export type MetricsConfig = ValueOf<typeof METRICS>;
