/** The whole configuration: its sections, and the type that is made from them. */
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
      prose: 'The buckets that clients may upload to; at least one. Any number of them may lie in one store.',
      mend: 'add at least one bucket with a name and an s3 section',
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
            mend: 'set server.upload_id_secret, the same for all gateways: openssl rand -base64 32',
          };
        },
      },
      {
        of: ['buckets', 'tracing'],
        at: 'tracing',
        broken: ({ buckets, tracing }) => {
          const names = new Set(buckets.map(({ name }) => name));
          const strange = tracing.sampling.overrides?.find(({ bucket }) => bucket !== undefined && !names.has(bucket));
          return strange === undefined
            ? undefined
            : {
                wrong: `has an override for bucket ${strange.bucket}, which is none`,
                mend: 'name a bucket of this file',
              };
        },
      },
      {
        of: ['server', 'metrics'],
        at: 'metrics',
        broken: ({ server, metrics }) =>
          metrics.enabled && collide(server.address, { host: metrics.address, port: metrics.port })
            ? { wrong: 'has the address of the server', mend: 'set metrics.port to another port' }
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
