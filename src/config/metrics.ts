/** The section `metrics`: the port for Prometheus. */
import { section, type ValueOf } from './field.ts';
import { boolean, integer, isHost, string } from './scalars.ts';

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
  },
  { prose: 'Metrics for Prometheus, on a port of their own.' },
);

export type MetricsConfig = ValueOf<typeof METRICS>;
