/**
 * `npm run demo -- --view`: serves the live view with uploads that go on until Ctrl-C: a slow client, a slow store, a slow policy
 * engine, a multipart upload, a large object that is split, and a client with the wrong key. Leaves nothing behind.
 */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startApp } from '../src/app.ts';
import { parseConfig } from '../src/config/parse-config.ts';
import { startFaultProxy } from '../src/rehearsal/faults/fault-proxy.ts';
import { startStore } from '../src/rehearsal/store/start-store.ts';
import { LiveClients } from './live-clients.ts';
import type { Paint } from './paint.ts';
import { quietLog } from './quiet-log.ts';

const STORE = { accessKey: 'demo', secretKey: 'demo-secret' };
const DEVICE = { access_key: 'DEVICE7', secret_key: 'the-secret-key-of-device-7', subject: 'device-7' };
const LOCAL = { host: '127.0.0.1', port: 0 };
/** Rate of the slow store, in bytes per second. */
const STORE_RATE = 2 * 1024 ** 2;
/** Time of a policy decision, in milliseconds. */
const POLICY_MILLIS = 1_500;

/** @returns when the process gets SIGINT or SIGTERM. */
export async function runView(paint: Paint, say: (line?: string) => void): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'mizuchi-demo-'));
  const store = await startStore({ directory, address: LOCAL, ...STORE, buckets: ['my-bucket'] });
  const slow = await startFaultProxy({
    store: store.url,
    ...LOCAL,
    seed: 1,
    faults: [{ do: 'slow', bytes_per_second: STORE_RATE, ...ANY_REQUEST }],
  });
  const engine = await startService('application/json', '{"result":true}', POLICY_MILLIS);
  const collector = await startService('application/x-protobuf', '', 0);
  const urls = { store: store.url, slow: slow.url, engine: engine.url, collector: collector.url };
  const gateway = await startApp(configuration(urls), { log: quietLog() });
  const clients = new LiveClients(`http://127.0.0.1:${gateway.port}`, DEVICE);
  const end = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  clients.start();
  say(paint.bold('Mizuchi Uploadr: the live view'));
  say(`  open ${paint.cyan(`http://127.0.0.1:${gateway.adminPort}/`)} in a browser`);
  say(`  or run npm start -- top --admin http://127.0.0.1:${gateway.adminPort} in another terminal`);
  say('  uploads go on until you press Ctrl-C');
  await end;
  clients.stop();
  await gateway.close();
  await Promise.all([slow.close(), engine.close(), collector.close()]);
  await store.close();
  await rm(directory, { recursive: true });
}

/** What the faults of the proxy do not limit. */
const ANY_REQUEST = {
  skip: 0,
  probability: 1,
  at: 'body',
  after_bytes: 0,
  seconds: 0,
  status: 503,
  code: 'SlowDown',
  header: 'etag',
} as const;

interface Service {
  readonly url: string;
  close(): Promise<void>;
}

/** Responds to every request with this document. */
async function startService(type: string, document: string, afterMillis: number): Promise<Service> {
  const server = createServer((request, response) => {
    request.resume();
    setTimeout(() => response.writeHead(200, { 'content-type': type }).end(document), afterMillis);
  });
  await new Promise<void>((resolve) => server.listen(LOCAL.port, LOCAL.host, resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function configuration(urls: Readonly<Record<'store' | 'slow' | 'engine' | 'collector', string>>) {
  const s3 = { bucket: 'my-bucket', access_key: STORE.accessKey, secret_key: STORE.secretKey };
  const auth = { sigv4: { credentials: [DEVICE] } };
  const document = {
    server: { address: '127.0.0.1:0', body_idle_timeout_seconds: 20, shutdown_timeout_seconds: 1 },
    buckets: [
      { name: 'uploads', s3: { ...s3, endpoint: urls.store }, auth },
      { name: 'archive', s3: { ...s3, endpoint: urls.slow }, auth },
      {
        name: 'reviewed',
        s3: { ...s3, endpoint: urls.store },
        auth,
        authz: { opa: { url: urls.engine, policy_path: 'demo/allow', timeout_seconds: 10 } },
      },
      { name: 'misconfigured', s3: { ...s3, endpoint: urls.store, bucket: 'no-such-bucket' }, auth },
    ],
    tracing: { otlp: { endpoint: urls.collector, protocol: 'http/protobuf' } },
    admin: { port: 0, view: true, show_keys: true },
  };
  return parseConfig(JSON.stringify(document), 'demo', {}); // JSON is YAML
}
