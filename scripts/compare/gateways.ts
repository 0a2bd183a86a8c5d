/** The three gateways of the comparison, each in front of the same store. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startGatewayProcess } from '../../test/support/gateway-process.ts';
import { envoyConfig } from './envoy.ts';

export interface ComparedGateway {
  readonly name: string;
  readonly url: string;
  /** The lines that it has logged of requests since the last call. */
  lines(): string[];
  close(): Promise<unknown>;
}

interface Around {
  readonly store: string;
  readonly collector: string;
  readonly folder: string;
}

export const KEYS = { access: 'client', secret: 'the-secret-of-the-client' };

export async function startOurs({ store, collector }: Around): Promise<ComparedGateway> {
  const s3 = { bucket: 'my-bucket', endpoint: store, access_key: 'mizuchi', secret_key: 'mizuchi-secret' };
  const key = { access_key: KEYS.access, secret_key: KEYS.secret, subject: 'device-7' };
  const gateway = await startGatewayProcess({
    server: { address: '127.0.0.1:0' },
    buckets: [{ name: 'my-bucket', s3, auth: { sigv4: { credentials: [key] } } }],
    tracing: { otlp: { endpoint: collector, protocol: 'http/protobuf' }, semantic_conventions: 'stable' },
    metrics: { port: 0 },
  });
  const lines = () =>
    gateway.log
      .splice(0)
      .filter(({ msg }) => msg === 'request')
      .map((line) => JSON.stringify(line));
  return { name: 'Mizuchi Uploadr', url: gateway.url, lines, close: () => gateway.stop() };
}

/** @param binary of Envoy. */
export async function startEnvoy(binary: string, port: number, around: Around): Promise<ComparedGateway> {
  const file = join(around.folder, 'envoy.yaml');
  await writeFile(file, JSON.stringify(envoyConfig(port, around.store, around.collector)));
  return started(
    'Envoy',
    port,
    spawn(binary, ['-c', file, '--log-level', 'error', '--use-dynamic-base-id', '--file-flush-interval-msec', '100']),
  );
}

/** @param binary of versitygw. */
export async function startVersitygw(binary: string, port: number, { store }: Around): Promise<ComparedGateway> {
  const keys = ['--access', KEYS.access, '--secret', KEYS.secret];
  const server = ['--port', `127.0.0.1:${port}`, '--access-log', 'stdout'];
  const backend = [
    's3',
    '--access',
    'mizuchi',
    '--secret',
    'mizuchi-secret',
    '--endpoint',
    store,
    '--use-path-style',
    '--disable-data-integrity-check',
  ];
  const env = { ...process.env, AWS_CA_BUNDLE: undefined }; // it stops on it
  return started('versitygw', port, spawn(binary, [...keys, ...server, ...backend], { env }));
}

async function started(name: string, port: number, child: ChildProcess): Promise<ComparedGateway> {
  let text = '';
  for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (bytes) => (text += bytes));
  while (!(await accepts(port))) {
    if (child.exitCode !== null) throw new Error(`${name} ended: ${text}`);
    await delay(100);
  }
  text = '';
  return {
    name,
    url: `http://127.0.0.1:${port}`,
    lines() {
      const lines = text.split('\n').filter((line) => line.trim() !== '');
      text = '';
      return lines;
    },
    async close() {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

function accepts(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect(port, '127.0.0.1');
  socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
  return promise.finally(() => socket.destroy());
}
