/** The whole configuration: its sections, and the type that is derived from them. */
import { BUCKET } from './bucket.ts';
import { list, object, type ValueOf } from './field.ts';
import { LOGGING } from './logging.ts';
import { METRICS } from './metrics.ts';
import { SERVER } from './server.ts';
import { TRACING } from './tracing.ts';
import { UPLOAD } from './upload.ts';

export const CONFIG = object(
  {
    server: SERVER,
    buckets: list(BUCKET, {
      prose: 'The buckets that clients can upload to; at least one. Several of them may use the same store.',
      hint: 'add at least one bucket with a name and an s3 section',
      unique: ['name', 'path_prefix'],
    }),
    upload: UPLOAD,
    tracing: TRACING,
    metrics: METRICS,
    logging: LOGGING,
  },
  {
    prose: 'The configuration of a gateway.',
    rules: [
      {
        of: ['server', 'buckets'],
        at: 'server',
        broken: ({ server, buckets }) => {
          if (server.upload_id_secret !== undefined) return undefined;
          const rotating = buckets.find(({ s3 }) => s3.secret_key === undefined || s3.session_token !== undefined);
          if (rotating === undefined) return undefined;
          return {
            wrong: `has no upload_id_secret, but the store credentials of bucket ${rotating.name} can change`,
            hint: 'set server.upload_id_secret to the same value on all gateways: openssl rand -base64 32',
          };
        },
      },
      {
        of: ['buckets', 'tracing'],
        at: 'tracing',
        broken: ({ buckets, tracing }) => {
          const names = new Set(buckets.map(({ name }) => name));
          const unknown = tracing.sampling.overrides?.find(({ bucket }) => bucket !== undefined && !names.has(bucket));
          return unknown === undefined
            ? undefined
            : {
                wrong: `has an override for bucket ${unknown.bucket}, which is not configured`,
                hint: 'use the name of a bucket in this file',
              };
        },
      },
      {
        of: ['server', 'metrics'],
        at: 'metrics',
        broken: ({ server, metrics }) =>
          metrics.enabled && collide(server.address, { host: metrics.address, port: metrics.port })
            ? { wrong: 'has the same address as server.address', hint: 'set metrics.port to another port' }
            : undefined,
      },
    ],
  },
);

export type Config = ValueOf<typeof CONFIG>;

interface Address {
  readonly host: string;
  readonly port: number;
}

function collide(one: Address, other: Address): boolean {
  const everywhere = (host: string) => host === '0.0.0.0' || host === '::';
  if (one.port === 0 || one.port !== other.port) return false;
  return one.host === other.host || everywhere(one.host) || everywhere(other.host);
}
