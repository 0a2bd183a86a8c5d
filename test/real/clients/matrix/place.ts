/** Where the clients of the matrix upload to: one gateway over HTTP or TLS, two buckets, and what there is to upload. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type GatewayProcess, startGatewayProcess } from '../../../support/gateway-process.ts';
import { IdentityProvider } from '../../../support/identity-provider.ts';
import { AUTHORITY, SERVER_CERTIFICATE, SERVER_KEY } from '../../../support/test-authority.ts';
import { endWithUs } from '../../support/end-with-us.ts';
import { STORE_BUCKET } from '../../support/gateway-in-front.ts';
import type { Keys } from '../../support/keys.ts';
import { ACCESS_KEY, type RealStore, SECRET_KEY } from '../../support/real-stores.ts';

export const KEYS: Keys = { accessKeyId: 'AKIAMATRIX', secretAccessKey: 'the-secret-of-the-matrix' };
const TOKEN_KEYS: Keys = { accessKeyId: 'jwt', secretAccessKey: 'known-to-all-clients' };

const SEEN = { head: 'allow' };
const LISTED = { head: 'allow', listings: 'empty' };

/** What is uploaded: name of the file, and its bytes. */
export const FILES = {
  empty: Buffer.alloc(0),
  small: Buffer.from('m'),
  medium: pattern(10_000),
  eight: pattern(8 * 1024 ** 2),
  single: pattern(30 * 1024 ** 2),
  large: pattern(64 * 1024 ** 2),
} as const;
export type FileName = keyof typeof FILES;

export interface Place {
  readonly scheme: 'http' | 'https';
  readonly url: string;
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  /** With the files, and HOME for whoever wants one. */
  readonly folder: string;
  /** PEM with the authority of the certificate. */
  readonly authority: string;
  /** What to sign with. */
  readonly keys: Keys;
}

export interface OpenPlace extends Place {
  readonly gateway: GatewayProcess;
  /** The same for a client whose session token is a JWT. */
  readonly withToken: Place;
  /** The same without a gateway: the store itself. */
  readonly direct: Place;
  close(): Promise<void>;
}

/**
 * The objects of all buckets are in one bucket of the store. `seen` lets its clients request HEAD; `listed` is for clients that
 * also list before they upload.
 */
export async function openPlace(store: RealStore, scheme: 'http' | 'https'): Promise<OpenPlace> {
  const folder = await mkdtemp(join(tmpdir(), 'mizuchi-matrix-'));
  const file = (name: string): string => join(folder, name);
  for (const [name, bytes] of Object.entries(FILES)) await writeFile(file(name), bytes);
  await mkdir(file('tree'));
  await writeFile(file('tree/leaf'), FILES.small);
  await writeFile(file('authority.pem'), AUTHORITY);
  await writeFile(file('server.pem'), SERVER_CERTIFICATE);
  await writeFile(file('server.key'), SERVER_KEY);
  const s3 = { bucket: STORE_BUCKET, endpoint: store.url, access_key: ACCESS_KEY, secret_key: SECRET_KEY };
  const credentials = [{ access_key: KEYS.accessKeyId, secret_key: KEYS.secretAccessKey }];
  // What clients make of odd keys is seen where none is refused.
  const provider = await IdentityProvider.start();
  const jwt = {
    algorithms: ['RS256'],
    jwks_url: provider.jwksUrl,
    issuer: provider.issuer,
    audience: 'uploads',
    session_token: { access_key: TOKEN_KEYS.accessKeyId, secret_key: TOKEN_KEYS.secretAccessKey },
  };
  const bucket = { s3, auth: { sigv4: { credentials }, jwt }, literal_keys: true };
  const tls = scheme === 'https' ? { tls: { cert_file: file('server.pem'), key_file: file('server.key') } } : {};
  const gateway = await startGatewayProcess({
    server: { address: '127.0.0.1:0', ...tls },
    buckets: [
      { name: 'uploads', head: 'pretend_missing', ...bucket },
      { name: 'seen', ...SEEN, ...bucket },
      { name: 'listed', ...LISTED, ...bucket },
    ],
    upload: { multipart_threshold: '8MiB', part_size: '5MiB' },
    metrics: { enabled: false },
  });
  endWithUs(gateway.process);
  const host = new URL(gateway.url).host;
  const place = { scheme, url: `${scheme}://${host}`, host, folder, authority: file('authority.pem'), keys: KEYS };
  const storeKeys = { accessKeyId: ACCESS_KEY, secretAccessKey: SECRET_KEY };
  return {
    ...place,
    withToken: { ...place, keys: { ...TOKEN_KEYS, sessionToken: await provider.token() } },
    direct: { ...place, scheme: 'http', url: store.url, host: new URL(store.url).host, keys: storeKeys },
    gateway,
    async close() {
      await gateway.stop();
      await provider.close();
      await rm(folder, { recursive: true });
    },
  };
}

/** Not random, so that a run that fails can be run again; and no two parts of it alike. */
function pattern(length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  for (let i = 0; i < length; i++) bytes[i] = (i * 31 + (i >>> 8) * 7 + (i >>> 16) * 3) & 255;
  return bytes;
}
