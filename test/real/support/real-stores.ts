/** The stores that the gateway is tried against, each a real one on a temporary folder. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SELF_SIGNED_CERTIFICATE, SELF_SIGNED_KEY } from '../../support/self-signed.ts';
import { freePorts } from './free-ports.ts';
import { type RealServer, startRealServer } from './real-server.ts';

export const ACCESS_KEY = 'realstoreuser';
export const SECRET_KEY = 'real-store-secret';

export interface RealStore extends RealServer {
  readonly name: string;
  readonly url: string;
}

/** `https`: with a certificate that this process must have been told to trust. */
export type Scheme = 'http' | 'https';

export async function startMinio(scheme: Scheme = 'http'): Promise<RealStore> {
  const [port, consolePort] = await freePorts(2);
  const url = `${scheme}://127.0.0.1:${port}`;
  const server = await startRealServer({
    name: 'minio',
    args: async (folder) => [
      'server',
      '--certs-dir',
      await certificates(scheme, folder),
      '--address',
      `127.0.0.1:${port}`,
      '--console-address',
      `127.0.0.1:${consolePort}`,
      join(folder, 'data'),
    ],
    env: { MINIO_ROOT_USER: ACCESS_KEY, MINIO_ROOT_PASSWORD: SECRET_KEY, MINIO_BROWSER: 'off', MINIO_UPDATE: 'off' },
    healthUrl: `${url}/minio/health/ready`,
  });
  return { ...server, name: 'minio', url };
}

/** Metadata lie beside the objects and not in extended attributes, which not every folder of temporary files has. */
export async function startVersitygw(scheme: Scheme = 'http'): Promise<RealStore> {
  const [port] = await freePorts(1);
  const url = `${scheme}://127.0.0.1:${port}`;
  const server = await startRealServer({
    name: 'versitygw',
    args: async (folder) => {
      await mkdir(join(folder, 'data'));
      await mkdir(join(folder, 'metadata'));
      const access = ['--access', ACCESS_KEY, '--secret', SECRET_KEY];
      const certs = await certificates(scheme, folder);
      const tls = scheme === 'http' ? [] : ['--cert', join(certs, 'public.crt'), '--key', join(certs, 'private.key')];
      const posix = ['posix', '--sidecar', join(folder, 'metadata'), join(folder, 'data')];
      return [...access, '--port', `127.0.0.1:${port}`, '--health', '/health', ...tls, ...posix];
    },
    env: { AWS_CA_BUNDLE: undefined }, // it stops on it
    healthUrl: `${url}/health`,
  });
  return { ...server, name: 'versitygw', url };
}

/** A folder with a certificate and its key under the names that MinIO looks for; an empty one without TLS. */
async function certificates(scheme: Scheme, folder: string): Promise<string> {
  const certs = join(folder, 'certs');
  await mkdir(certs);
  if (scheme === 'http') return certs;
  await writeFile(join(certs, 'public.crt'), SELF_SIGNED_CERTIFICATE);
  await writeFile(join(certs, 'private.key'), SELF_SIGNED_KEY);
  return certs;
}
