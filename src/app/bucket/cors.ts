/** The CORS policy of a bucket, from its section `cors`. */
import type { CorsConfig } from '../../config/cors.ts';
import { CorsPolicy } from '../../cors/cors-policy.ts';
import { COMMON_CHECKSUM_HEADERS } from '../../domain/checksums.ts';

const METHODS = ['PUT', 'POST', 'GET', 'HEAD', 'DELETE'];
const EXPOSED = [
  'ETag',
  'Location',
  'Server-Timing',
  ...COMMON_CHECKSUM_HEADERS,
  'x-amz-checksum-type',
  'x-amz-id-2',
  'x-amz-request-id',
  'x-amz-version-id',
];

export function corsPolicyOf(config: CorsConfig | undefined): CorsPolicy | undefined {
  if (config === undefined) return undefined;
  return new CorsPolicy({
    origins: config.allowed_origins,
    methods: config.allowed_methods ?? METHODS,
    headers: config.allowed_headers ?? ['*'],
    exposed: config.exposed_headers ?? EXPOSED,
    maxAgeSeconds: config.max_age_seconds,
    credentials: config.allow_credentials,
  });
}
