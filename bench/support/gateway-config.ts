/** What the gateways of all contestants have in common: one bucket, a store that keeps nothing, metrics, errors logged only. */
import type { BucketConfig } from '../../src/config/bucket.ts';
import type { Config } from '../../src/config/config.ts';
import type { TracingConfig } from '../../src/config/tracing.ts';

const MIB = 1024 ** 2;

export interface Varied {
  readonly tracing: TracingConfig;
  readonly auth?: BucketConfig['auth'];
  readonly authz?: BucketConfig['authz'];
}

/** @param storePort on 127.0.0.1. Without `auth` uploads are anonymous, without `authz` nobody is asked. */
export function gatewayConfig(
  storePort: number,
  { tracing, auth = { enabled: false }, authz = { enabled: false } }: Varied,
): Config {
  return {
    server: { address: { host: '127.0.0.1', port: 0 }, shutdown_timeout_seconds: 5, body_idle_timeout_seconds: 60 },
    buckets: [
      {
        name: 'uploads',
        path_prefix: '/uploads',
        s3: {
          bucket: 'my-bucket',
          region: 'us-east-1',
          endpoint: `http://127.0.0.1:${storePort}`,
          access_key: 'AKIAIOSFODNN7EXAMPLE',
          secret_key: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
          session_token: undefined,
          path_style: true,
          propagate: true,
          connect_timeout_seconds: 5,
          answer_timeout_seconds: 60,
        },
        auth,
        authz,
      },
    ],
    upload: {
      multipart_threshold: 50 * MIB,
      part_size: 16 * MIB,
      concurrent_parts: 4,
      memory_limit: 64 * MIB,
      max_object_size: 5 * 1024 * MIB,
    },
    tracing,
    metrics: { enabled: true, address: '127.0.0.1', port: 0 },
    logging: { level: 'error', format: 'json' },
  };
}
