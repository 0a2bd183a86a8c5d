/** The stores that the gateway is tried against, each a real one on a temporary folder. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { freePorts } from './free-ports.ts';
import { type RealServer, startRealServer } from './real-server.ts';

export const ACCESS_KEY = 'realstoreuser';
export const SECRET_KEY = 'real-store-secret';

export interface RealStore extends RealServer {
  readonly name: string;
  readonly url: string;
}

export async function startMinio(): Promise<RealStore> {
  const [port, consolePort] = await freePorts(2);
  const server = await startRealServer({
    name: 'minio',
    args: (folder) => [
      'server',
      '--address',
      `127.0.0.1:${port}`,
      '--console-address',
      `127.0.0.1:${consolePort}`,
      join(folder, 'data'),
    ],
    env: { MINIO_ROOT_USER: ACCESS_KEY, MINIO_ROOT_PASSWORD: SECRET_KEY, MINIO_BROWSER: 'off', MINIO_UPDATE: 'off' },
    healthUrl: `http://127.0.0.1:${port}/minio/health/ready`,
  });
  return { ...server, name: 'minio', url: `http://127.0.0.1:${port}` };
}

/** Metadata lie beside the objects and not in extended attributes, which not every folder of temporary files has. */
export async function startVersitygw(): Promise<RealStore> {
  const [port] = await freePorts(1);
  const server = await startRealServer({
    name: 'versitygw',
    args: async (folder) => {
      await mkdir(join(folder, 'data'));
      await mkdir(join(folder, 'metadata'));
      const access = ['--access', ACCESS_KEY, '--secret', SECRET_KEY];
      const posix = ['posix', '--sidecar', join(folder, 'metadata'), join(folder, 'data')];
      return [...access, '--port', `127.0.0.1:${port}`, '--health', '/health', ...posix];
    },
    env: { AWS_CA_BUNDLE: undefined }, // it stops on it
    healthUrl: `http://127.0.0.1:${port}/health`,
  });
  return { ...server, name: 'versitygw', url: `http://127.0.0.1:${port}` };
}
