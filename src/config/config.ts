/** The whole configuration: its sections, and the type that is derived from them. */
import { ADMIN, type Aliased, adminAddress, contradictoryAlias, isAliased } from './admin.ts';
import { BUCKET } from './bucket.ts';
import { type Complaint, list, object, type ValueOf } from './field.ts';
import { LOGGING } from './logging.ts';
import { METRICS } from './metrics.ts';
import { READY } from './ready.ts';
import { SERVER, type ServerConfig } from './server.ts';
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
    admin: ADMIN,
    ready: READY,
    logging: LOGGING,
  },
  {
    prose: 'The configuration of a gateway.',
    rules: [
      {
        of: ['server', 'buckets'],
        at: 'server',
        broken: ({ server, buckets }) => {
          if (server.upload_id_secret !== undefined || server.upload_id_secrets !== undefined) return undefined;
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
      { of: ['admin', 'metrics'], at: 'admin', broken: contradictoryAlias },
      {
        of: ['admin', 'server'],
        at: 'admin',
        broken: ({ admin, server }) =>
          admin.tls && server.tls === undefined
            ? { wrong: 'has tls: true, but server.tls is not set', hint: 'set server.tls, or remove admin.tls' }
            : undefined,
      },
      {
        of: ['server', 'admin', 'metrics'],
        at: 'metrics',
        broken: (config) => (isAliased(config) ? sameAddress(config, 'metrics') : undefined),
      },
      {
        of: ['server', 'admin', 'metrics'],
        at: 'admin',
        broken: (config) => (isAliased(config) ? undefined : sameAddress(config, 'admin')),
      },
    ],
  },
);

export type Config = ValueOf<typeof CONFIG>;

interface Ports extends Aliased {
  readonly server: ServerConfig;
}

function sameAddress(ports: Ports, section: string): Complaint | undefined {
  const admin = adminAddress(ports);
  return admin !== undefined && collide(ports.server.address, admin)
    ? { wrong: 'has the same address as server.address', hint: `set ${section}.port to another port` }
    : undefined;
}

interface Address {
  readonly host: string;
  readonly port: number;
}

function collide(one: Address, other: Address): boolean {
  const everywhere = (host: string) => host === '0.0.0.0' || host === '::';
  if (one.port === 0 || one.port !== other.port) return false;
  return one.host === other.host || everywhere(one.host) || everywhere(other.host);
}
