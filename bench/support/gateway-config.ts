/** What the gateways of all contestants have in common: one bucket, a store that keeps nothing, metrics, errors logged only. */
import type { BucketConfig } from '../../src/config/bucket.ts';
import type { Config } from '../../src/config/config.ts';
import type { TracingConfig } from '../../src/config/tracing.ts';
import type { UploadConfig } from '../../src/config/upload.ts';

const MIB = 1024 ** 2;

export interface Varied {
  readonly tracing: TracingConfig;
  readonly auth?: BucketConfig['auth'];
  readonly authz?: BucketConfig['authz'];
  readonly upload?: Partial<UploadConfig>;
  /** Whether the admin port serves the live view. */
  readonly view?: boolean;
}

/** @param storePort on 127.0.0.1. Without `auth` uploads are anonymous, without `authz` nobody is asked. */
export function gatewayConfig(
  storePort: number,
  { tracing, auth = { enabled: false }, authz = { enabled: false }, upload, view = false }: Varied,
): Config {
  return {
    server: {
      address: { host: '127.0.0.1', port: 0 },
      forwarded_header: 'x-forwarded-for',
      workers: 1,
      shutdown_delay_seconds: 0,
      shutdown_timeout_seconds: 5,
      body_idle_timeout_seconds: 60,
      minimum_rate: 500,
      header_timeout_seconds: 60,
      max_header_size: 16 * 1024,
      max_connections: 10_000,
    },
    buckets: [
      {
        name: 'uploads',
        path_prefix: '/uploads',
        head: 'refuse',
        listings: 'refuse',
        s3: {
          bucket: 'my-bucket',
          region: 'us-east-1',
          endpoint: `http://127.0.0.1:${storePort}`,
          access_key: 'AKIAIOSFODNN7EXAMPLE',
          secret_key: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
          session_token: undefined,
          path_style: true,
          propagate: true,
          checksum: 'none',
          client_checksums: 'pass',
          verifies: [],
          max_connections: 256,
          connect_timeout_seconds: 5,
          stall_timeout_seconds: 60,
          answer_timeout_seconds: 60,
        },
        literal_keys: false,
        auth,
        authz,
      },
    ],
    upload: {
      concurrent_uploads: 1000,
      multipart_threshold: 50 * MIB,
      part_size: 16 * MIB,
      concurrent_parts: 4,
      memory_limit: 48 * MIB,
      memory_wait_seconds: 30,
      fair_rate: 64 * 1024,
      max_object_size: 5 * 1024 * MIB,
      max_key_length: 1024,
      keep_alive_seconds: 5,
      way: 'auto',
      pump_threads: 1,
      max_part_size: 5 * 1024 * MIB,
      ...upload,
    },
    tracing,
    metrics: { enabled: true },
    admin: {
      address: '127.0.0.1',
      port: 0,
      reload: false,
      max_connections: 64,
      view,
      show_keys: false,
      tls: false,
    },
    ready: {},
    logging: { level: 'error', format: 'json', success_ratio: 1 },
  };
}

export const NO_TRACING: TracingConfig = {
  enabled: false,
  service_name: 'mizuchi-uploadr',
  environment: 'production',
  provider: 'native',
  exporter: 'otlp',
  fallback: 'none',
  fallback_file: { path: 'spans.jsonl', max_size: 64 * 1024 ** 2, max_files: 4 },
  otlp: {
    endpoint: 'http://127.0.0.1:1',
    protocol: 'grpc',
    timeout_seconds: 10,
    compression: 'none',
    headers: {},
    traces_path: '/v1/traces',
  },
  inbound: 'continue',
  sampling: { strategy: 'always', ratio: 1, remote_ratio: 1 },
  batch: {
    max_queue_size: 8192,
    max_queue_bytes: 8 * 1024 ** 2,
    scheduled_delay_millis: 5000,
    max_export_batch_size: 2048,
  },
  limits: {
    attribute_count_limit: 128,
    attribute_value_length_limit: 1024,
    event_count_limit: 128,
    link_count_limit: 128,
    event_attribute_count_limit: 128,
    link_attribute_count_limit: 128,
  },
  resource: {},
  subject: 'hash',
  semantic_conventions: 'stable',
  span_names: 'default',
};
