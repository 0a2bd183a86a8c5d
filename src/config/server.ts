/** The section `server`: the upload port and its limits. */
import { FORWARDED_HEADER, PROXY_PROTOCOL, TLS, TRUSTED_PROXIES } from './edge.ts';
import { optionalList, section, type ValueOf } from './field.ts';
import { byteSize, integer, isHost, number, secret, socketAddress, string, workerCount } from './scalars.ts';

const UPLOAD_ID_SECRET = {
  check: (text: string) => (Buffer.byteLength(text) >= 32 ? undefined : 'is shorter than 32 bytes'),
  hint: 'generate one: openssl rand -base64 32',
};

export const SERVER = section(
  {
    address: socketAddress({
      prose:
        'The address to listen on for uploads. `0.0.0.0` is every IPv4 address of the host, `[::]` every address; port 0 selects any free port.',
      default: { host: '0.0.0.0', port: 8080 },
    }),
    domain: optionalList(
      string({
        prose: 'A domain name of this gateway.',
        check: (name) => (isHost(name) && /^[a-z][a-z0-9.-]*$/.test(name) ? undefined : 'is not a domain name'),
        hint: 'write it in lower case, without a port or "*", such as uploads.example.com',
      }),
      {
        prose:
          'Domains for virtual-hosted-style requests: `BUCKET.uploads.example.com/key`, in addition to `/BUCKET/key`.',
        hint: 'name at least one, such as [uploads.example.com]',
      },
    ),
    workers: workerCount({
      prose:
        'Number of processes that serve uploads, each on one CPU. `auto` is the number of CPUs that the process may use. Limits of this file mean all of them together. With 1 there is one process.',
      default: 1,
    }),
    tls: TLS,
    proxy_protocol: PROXY_PROTOCOL,
    trusted_proxies: TRUSTED_PROXIES,
    forwarded_header: FORWARDED_HEADER,
    shutdown_delay_seconds: number({
      prose:
        'How long the gateway still accepts and serves requests after SIGTERM, while `/ready` is 503 and every response closes its connection. Set it to the time that load balancers need to notice.',
      default: 0,
      min: 0,
      max: 3600,
    }),
    shutdown_timeout_seconds: number({
      prose:
        'How long requests in progress may take to finish after the port is closed. The remaining ones are then aborted.',
      default: 30,
      min: 0,
      max: 86_400,
    }),
    body_idle_timeout_seconds: number({
      prose:
        'How long a client may send no byte of a body, or read no byte of a response, before the request is aborted. A slow upload that makes progress is not aborted.',
      default: 60,
      min: 0.01,
      max: 86_400,
    }),
    minimum_rate: byteSize({
      prose:
        'Minimum bytes per second from a client while the gateway waits for it, averaged over body_idle_timeout_seconds. A slower upload is aborted. 0 disables the check.',
      default: 500,
      min: 0,
      max: 1024 ** 3,
    }),
    header_timeout_seconds: number({
      prose: 'How long a client may take to send the request headers.',
      default: 60,
      min: 0.1,
      max: 3600,
    }),
    max_header_size: byteSize({
      prose: 'Maximum size of the request line and headers.',
      default: 16 * 1024,
      min: 4 * 1024,
      max: 1024 ** 2,
    }),
    max_connections: integer({
      prose: 'Maximum number of connections. Further connections are closed without a response.',
      default: 10_000,
      min: 1,
      max: 1_000_000,
    }),
    upload_id_secret: secret({
      ...UPLOAD_ID_SECRET,
      prose:
        'The secret that encrypts multipart upload IDs and keys the hashes of subjects. All gateways that serve the same buckets need the same value. Required if the credentials of a store can change.',
      optional: true,
    }),
    upload_id_secrets: optionalList(secret({ ...UPLOAD_ID_SECRET, prose: 'A secret, as `upload_id_secret`.' }), {
      prose:
        'Several secrets instead of `upload_id_secret`, to replace one without ending multipart uploads: the first one seals, and all of them open, and so does the secret key of the store. Put the new one second on all gateways, then first, and remove the old one when its uploads have ended.',
      hint: 'generate one: openssl rand -base64 32',
    }),
  },
  {
    prose: 'The upload port: address, TLS, timeouts and limits.',
    rules: [
      {
        of: ['upload_id_secret', 'upload_id_secrets'],
        at: 'upload_id_secrets',
        broken: ({ upload_id_secret, upload_id_secrets }) =>
          upload_id_secret !== undefined && upload_id_secrets !== undefined
            ? { wrong: 'contradicts upload_id_secret', hint: 'move upload_id_secret into upload_id_secrets' }
            : undefined,
      },
    ],
  },
);

export type ServerConfig = ValueOf<typeof SERVER>;
