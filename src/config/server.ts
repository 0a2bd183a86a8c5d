/** The section `server`: where uploads are taken. */
import { FORWARDED_HEADER, PROXY_PROTOCOL, TLS, TRUSTED_PROXIES } from './edge.ts';
import { optionalList, section, type ValueOf } from './field.ts';
import { byteSize, integer, isHost, number, secret, socketAddress, string } from './scalars.ts';

export const SERVER = section(
  {
    address: socketAddress({
      prose:
        'Where uploads are taken. `0.0.0.0` is every IPv4 address of the machine, `[::]` every address; port 0 is any free one.',
      default: { host: '0.0.0.0', port: 8080 },
    }),
    domain: optionalList(
      string({
        prose: 'A domain of this gateway.',
        check: (name) => (isHost(name) && /^[a-z][a-z0-9.-]*$/.test(name) ? undefined : 'is not a domain name'),
        mend: 'write it in lower case, without port or "*", such as uploads.example.com',
      }),
      {
        prose:
          'Domains below which the host name says the bucket: `BUCKET.uploads.example.com/key`, beside `/BUCKET/key`.',
        mend: 'name at least one, such as [uploads.example.com]',
      },
    ),
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
    minimum_rate: byteSize({
      prose:
        'Bytes a second that a client sends at least while the gateway waits for it, on average over body_idle_timeout_seconds; a slower upload is ended. 0 is any rate.',
      default: 500,
      min: 0,
      max: 1024 ** 3,
    }),
    header_timeout_seconds: number({
      prose: 'How long a connection may take to send the whole head of a request.',
      default: 60,
      min: 0.1,
      max: 3600,
    }),
    max_header_size: byteSize({
      prose: 'The largest head of a request, its first line included.',
      default: 16 * 1024,
      min: 4 * 1024,
      max: 1024 ** 2,
    }),
    max_connections: integer({
      prose: 'How many connections are held at once. One more is closed without a word.',
      default: 10_000,
      min: 1,
      max: 1_000_000,
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
