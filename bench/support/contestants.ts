/** Who takes part in the benchmark of tracing: the same gateway with different tracing, and how each of them is configured. */
import type { Config } from '../../src/config/config.ts';
import type { TracingConfig } from '../../src/config/tracing.ts';

export interface Contestant {
  readonly name: string;
  /** Who does the tracing: nobody, this project, or the official SDK. */
  readonly tracer: 'none' | 'ours' | 'stock';
  readonly protocol: 'grpc' | 'http/protobuf';
}

/** The first is what the others are compared with; the second is the same again, and so shows the noise. */
export const CONTESTANTS: readonly Contestant[] = [
  { name: 'tracing off', tracer: 'none', protocol: 'grpc' },
  { name: 'tracing off, again', tracer: 'none', protocol: 'grpc' },
  { name: 'mizuchi grpc', tracer: 'ours', protocol: 'grpc' },
  { name: 'mizuchi http/protobuf', tracer: 'ours', protocol: 'http/protobuf' },
  { name: 'stock SDK http/protobuf', tracer: 'stock', protocol: 'http/protobuf' },
];

/** What one upload is in spans: http.server.request, s3.upload, aws.s3.put_object. */
export const SPANS_PER_UPLOAD = 3;

/** Milliseconds after which spans leave: long enough for batches to be full under load, as they would be by default. */
const EXPORT_DELAY = 1_000;

export interface Ports {
  readonly store: number;
  readonly collector: { readonly http: number; readonly grpc: number };
}

/** Everything but `tracing` is the same for all. */
export function configOf(contestant: Contestant, ports: Ports): Config {
  return {
    server: { address: { host: '127.0.0.1', port: 0 }, shutdown_timeout_seconds: 5, body_idle_timeout_seconds: 60 },
    buckets: [
      {
        name: 'uploads',
        path_prefix: '/uploads',
        s3: {
          bucket: 'my-bucket',
          region: 'us-east-1',
          endpoint: `http://127.0.0.1:${ports.store}`,
          access_key: 'AKIAIOSFODNN7EXAMPLE',
          secret_key: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
          session_token: undefined,
          path_style: true,
          propagate: true,
          connect_timeout_seconds: 5,
          answer_timeout_seconds: 60,
        },
        auth: { enabled: false },
        authz: { enabled: false },
      },
    ],
    tracing: tracingOf(contestant, ports),
    metrics: { enabled: true, address: '127.0.0.1', port: 0 },
    logging: { level: 'error', format: 'json' },
  };
}

/** The queue is long enough that nothing is dropped: a dropped span would be a cheap one. */
function tracingOf({ name, tracer, protocol }: Contestant, { collector }: Ports): TracingConfig {
  const port = protocol === 'grpc' ? collector.grpc : collector.http;
  return {
    enabled: tracer !== 'none',
    service_name: 'mizuchi-uploadr',
    environment: 'production',
    otlp: {
      endpoint: `http://127.0.0.1:${port}`,
      protocol,
      timeout_seconds: 10,
      compression: 'gzip',
      headers: { 'x-contestant': name },
    },
    sampling: { strategy: 'always', ratio: 1 },
    batch: { max_queue_size: 16_384, scheduled_delay_millis: EXPORT_DELAY, max_export_batch_size: 512 },
    resource: { 'service.version': '0.1.0', 'host.name': 'bench' },
    subject: 'hash',
    semantic_conventions: 'stable',
  };
}
