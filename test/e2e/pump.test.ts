/** What a gateway reports about its pump, with it, without it, and where it is unavailable. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { CLI, type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts';
import { send } from '../support/http-client.ts';
import { RawStore } from '../support/raw-store.ts';
import { readMetrics } from '../support/read-metrics.ts';

const BODY = randomBytes(3 * 1024 * 1024);

describe('the pump of a gateway', { skip: process.platform !== 'linux' && 'needs Linux' }, () => {
  let store: RawStore;
  let gateway: GatewayProcess;
  before(async () => {
    store = await RawStore.start();
  });
  after(() => store.close());
  afterEach(() => gateway.stop());

  const configOf = (upload: object) => ({
    server: { address: '127.0.0.1:0' },
    buckets: [
      {
        name: 'uploads',
        auth: { enabled: false },
        s3: { bucket: 'my-bucket', endpoint: store.url, access_key: 'k', secret_key: 's' },
      },
    ],
    upload,
    metrics: { port: 0 },
    tracing: { enabled: false },
  });
  const start = async (upload: object, ...nodeArguments: string[]): Promise<void> => {
    gateway = await startGatewayProcess(configOf(upload), nodeArguments);
  };
  const available = async () => {
    const figure = await readMetrics(gateway.metricsUrl);
    return [figure('mizuchi_pump_available', 'mode="splice"'), figure('mizuchi_pump_available', 'mode="copy"')];
  };
  const upload = async (): Promise<void> => {
    store.requests.length = 0;
    assert.equal((await send(gateway.url, 'PUT', '/uploads/key', BODY)).status, 200);
    assert.ok(store.requests.at(-1)!.body.equals(BODY));
  };

  it('is tried at the start: the log and the metrics have the result', async () => {
    await start({ pump_threads: 2 });
    const line = await gateway.logged(({ msg }) => msg === 'large bodies are moved by a pump');
    assert.deepEqual([line.pump_threads, line.splice], [2, true]);
    assert.deepEqual(await available(), [1, 1]);
    await upload();
  });

  it('is not started with upload.way: stream', async () => {
    await start({ way: 'stream' });
    await upload();
    assert.ok(!gateway.log.some(({ msg }) => /pump/.test(String(msg))));
    assert.ok(!(await (await fetch(gateway.metricsUrl)).text()).includes('\nmizuchi_pump_available'));
  });

  it('is replaced by streams where Node.js has no node:ffi', async () => {
    await start({}, '--no-experimental-ffi');
    const line = await gateway.logged(({ msg }) => msg === 'bodies are streamed: the pump is unavailable');
    assert.match(String(line.reason), /node:ffi/);
    assert.deepEqual(await available(), [0, 0]);
    await upload();
    assert.equal(gateway.errors, '');
  });

  it('is shown by check', async () => {
    await start({ way: 'stream' });
    const folder = await mkdtemp(join(tmpdir(), 'mizuchi-test-'));
    const check = async (upload: object): Promise<string> => {
      const file = join(folder, 'config.yaml');
      await writeFile(file, JSON.stringify(configOf(upload)));
      return spawnSync(process.execPath, [CLI, 'check', '--config', file], { encoding: 'utf8' }).stdout;
    };
    assert.match(await check({}), /✓ large bodies: moved by the kernel, or by 1 thread that verifies them/);
    assert.match(await check({ way: 'stream' }), /✓ large bodies: streamed \(upload\.way: stream\)/);
    await rm(folder, { recursive: true });
  });
});
