/** The headers that answers carry for browsers, by the bucket that the path names: asked for every answer, whatever has come of it. */
import type { CorsConfig } from '../config/cors.ts';
import { CorsPolicy } from '../cors/cors-policy.ts';
import type { CorsBucket } from '../cors/preflight.ts';
import { findRoute, type Route } from '../router/find-bucket.ts';
import type { CorsOf } from '../server/serve-request.ts';

const NONE = {};

export function corsFinder(routes: readonly Route<CorsBucket>[]): CorsOf {
  if (routes.every(({ bucket }) => bucket.cors === undefined)) return () => NONE;
  return (target, headers) => {
    try {
      return findRoute(routes, target).bucket.cors?.responseHeaders(headers.origin) ?? NONE;
    } catch {
      return NONE; // the path names no bucket: the router has said so
    }
  };
}

const METHODS = ['PUT', 'POST', 'GET', 'HEAD', 'DELETE'];
const EXPOSED = [
  'ETag',
  'Location',
  'Server-Timing',
  'x-amz-checksum-crc32',
  'x-amz-checksum-crc32c',
  'x-amz-checksum-crc64nvme',
  'x-amz-checksum-sha1',
  'x-amz-checksum-sha256',
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
