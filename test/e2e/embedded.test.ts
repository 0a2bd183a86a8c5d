/** A gateway inside another program: its start, its work and its end change nothing of the process. */
import assert from 'node:assert/strict';
import dns from 'node:dns';
import http from 'node:http';
import https from 'node:https';
import { after, before, describe, it } from 'node:test';
import { runInNewContext } from 'node:vm';
import { getGlobalDispatcher } from 'undici';
import { parseConfig } from '../../src/config/parse-config.ts';
import { type Config, startApp } from '../../src/index.ts';
import { EmbeddedStore, STORE_KEYS } from '../support/embedded-store.ts';
import { type OtlpReceiver, receiveHttp } from '../support/otlp-receiver.ts';

/** The parts of a process that a library could change for everybody. */
function processState() {
  return {
    listeners: Object.fromEntries(process.eventNames().map((name) => [name, process.rawListeners(name)])),
    globals: Reflect.ownKeys(globalThis),
    properties: Reflect.ownKeys(process),
    environment: { ...process.env },
    process: [process.title, process.umask(), process.cwd(), process.exitCode, process.emitWarning, process.exit],
    agents: [http.globalAgent, https.globalAgent, getGlobalDispatcher()],
    agentOptions: { ...https.globalAgent.options },
    lookups: [dns.lookup, dns.promises.lookup, dns.getDefaultResultOrder(), dns.getServers()],
    functions: [fetch, setTimeout, setImmediate, queueMicrotask],
    stackTraces: [Error.stackTraceLimit, Error.prepareStackTrace],
    collector: [globalThis.gc, runInNewContext('typeof gc')],
    streams: [process.stdout.write, process.stderr.write],
  };
}

describe('a gateway inside another program', () => {
  let store: EmbeddedStore;
  let collector: OtlpReceiver;
  before(async () => {
    store = await EmbeddedStore.start();
    collector = await receiveHttp();
  });
  after(() => Promise.all([store.close(), collector.close()]));

  function configuration(storeUrl: string): Config {
    const { accessKey: access_key, secretKey: secret_key } = STORE_KEYS;
    const document = {
      server: { address: '127.0.0.1:0' },
      buckets: [{ name: 'uploads', s3: { bucket: 'my-bucket', endpoint: storeUrl, access_key, secret_key } }],
      tracing: { otlp: { endpoint: collector.endpoint, protocol: 'http/protobuf' } },
      metrics: { port: 0 },
      logging: { level: 'error' },
    };
    return parseConfig(JSON.stringify(document), 'embedded.yaml', {});
  }

  async function upload(port: number): Promise<void> {
    const headers = { connection: 'close' };
    const response = await fetch(`http://127.0.0.1:${port}/uploads/k`, { method: 'PUT', body: 'bytes', headers });
    await response.text();
    assert.equal(response.status, 200);
  }

  it('leaves the process as it was', async () => {
    await fetch(collector.endpoint).then((response) => response.text()); // loads what fetch itself needs
    const untouched = processState();
    const app = await startApp(configuration(store.url));
    assert.deepEqual(processState(), untouched);
    await upload(app.port);
    assert.deepEqual(processState(), untouched);
    await app.reload();
    await app.close();
    assert.deepEqual(processState(), untouched);
    assert.ok(collector.spans().length > 0);
  });

  it('can start again after its end, and twice at the same time', async () => {
    const [one, two] = await Promise.all([startApp(configuration(store.url)), startApp(configuration(store.url))]);
    await upload(one.port);
    await one.close();
    await upload(two.port);
    await Promise.all([two.close(), two.close()]);
  });

  it('leaves the process as it was when it cannot start', async () => {
    const untouched = processState();
    const app = await startApp(configuration(store.url));
    const taken = configuration(store.url);
    const server = { ...taken.server, address: { host: '127.0.0.1', port: app.port } };
    await assert.rejects(startApp({ ...taken, server }), { code: 'EADDRINUSE' });
    await app.close();
    assert.deepEqual(processState(), untouched);
  });
});
