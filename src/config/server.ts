/** The section `server`: where uploads are taken. */
import { FORWARDED_HEADER, PROXY_PROTOCOL, TLS, TRUSTED_PROXIES } from './edge.ts';
import { section, type ValueOf } from './field.ts';
import { number, secret, socketAddress } from './scalars.ts';

export const SERVER = section(
  {
    address: socketAddress({
      prose:
        'Where uploads are taken. `0.0.0.0` is every IPv4 address of the machine, `[::]` every address; port 0 is any free one.',
      default: { host: '0.0.0.0', port: 8080 },
    }),
    tls: TLS,
    proxy_protocol: PROXY_PROTOCOL,
    trusted_proxies: TRUSTED_PROXIES,
    forwarded_header: FORWARDED_HEADER,
    shutdown_timeout_seconds: number({
      prose: 'How long running requests may take to finish after SIGTERM; what is left then is cut off.',
      default: 30,
      min: 0,
      max: 86_400,
    }),
    body_idle_timeout_seconds: number({
      prose:
        'An upload of which no byte arrives for so long is ended, and so is a client that takes no byte of its answer. A slow upload that moves is never ended.',
      default: 60,
      min: 0.01,
      max: 86_400,
    }),
    upload_id_secret: secret({
      prose:
        'Seals the ids of multipart uploads and keys the hashes of subjects, so that all gateways that serve the same buckets need the same. Needed where the credentials of a store can change.',
      optional: true,
      check: (text) => (Buffer.byteLength(text) >= 32 ? undefined : 'has fewer than 32 bytes'),
      mend: 'make one at random: openssl rand -base64 32',
    }),
  },
  { prose: 'Where uploads are taken, and how long the gateway waits.' },
);

export type ServerConfig = ValueOf<typeof SERVER>;
