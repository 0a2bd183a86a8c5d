/** The command `probe`, as an orchestrator runs it. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { deadEndpoint, faultyServer, hang } from '../support/faulty-server.ts';
import { CLI } from '../support/gateway-process.ts';
import { RawStore } from '../support/raw-store.ts';
import { startGateway, type TestGateway } from '../support/start-gateway.ts';

const S3 = { bucket: 'my-bucket', endpoint: 'http://127.0.0.1:1', access_key: 'AK', secret_key: 'SK' };
const BUCKETS = [{ name: 'uploads', s3: S3 }];

describe('the command probe', () => {
  let folder: string;
  let store: RawStore;
  let gateway: TestGateway;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mizuchi-probe-'));
    store = await RawStore.start();
    gateway = await startGateway({ storeUrl: store.url, ready: { require: ['store'] } });
  });
  after(async () => {
    await gateway.close();
    await store.close();
    await rm(folder, { recursive: true });
  });

  async function probe(config: object, ...args: string[]): Promise<{ code: number; out: string }> {
    const file = join(folder, 'config.yaml');
    await writeFile(file, JSON.stringify({ buckets: BUCKETS, ...config }));
    const child = spawn(process.execPath, [CLI, 'probe', '--config', file, ...args], { stdio: ['ignore', 'pipe', 2] });
    const [out, [code]] = await Promise.all([text(child.stdout!), once(child, 'close')]);
    return { code, out };
  }
  const adminPort = (): number => gateway.app.adminPort!;

  it('requests /ready of the admin port by default, and any address where the port listens on all', async () => {
    for (const address of ['127.0.0.1', '0.0.0.0'])
      assert.deepEqual(await probe({ admin: { address, port: adminPort() } }), {
        code: 0,
        out: `/ready of the admin port http://127.0.0.1:${adminPort()}: 200 {"status":"ok"}\n`,
      });
  });

  it('requests the path of --path', async () => {
    const { code, out } = await probe({ metrics: { port: adminPort() } }, '--path', '/startup');
    assert.equal(code, 0);
    assert.match(out, /^\/startup of the admin port /);
    assert.equal((await probe({}, '--path', '/metrics')).code, 2);
  });

  it('requests the upload port where the admin port is disabled', async () => {
    const server = { address: `127.0.0.1:${gateway.app.port}` };
    const { code, out } = await probe({ server, metrics: { enabled: false } });
    assert.equal(code, 0);
    assert.equal(out, `/ready of the upload port http://127.0.0.1:${gateway.app.port}: 200 {"status":"ok"}\n`);
  });

  it('needs the admin port where the upload port needs the PROXY protocol', async () => {
    const server = { proxy_protocol: { trusted: ['127.0.0.0/8'] } };
    const { code, out } = await probe({ server, metrics: { enabled: false } });
    assert.equal(code, 1);
    assert.match(out, /^the admin port is disabled, .*; set admin\.enabled to true\n$/);
  });

  it('fails with the reason if the response is not 200', async (t) => {
    const alone = await startGateway({ storeUrl: 'http://127.0.0.1:1', ready: { require: ['store'] } });
    t.after(() => alone.close());
    const { code, out } = await probe({ admin: { port: alone.app.adminPort } });
    assert.equal(code, 1);
    assert.match(out, /: 503 \{"status":"unavailable: store"\}\n$/);
  });

  it('fails with the reason if there is no response', async (t) => {
    const silent = await faultyServer(hang);
    t.after(() => silent.close());
    const port = Number(new URL(await deadEndpoint()).port);
    assert.match((await probe({ admin: { port } })).out, /^\/ready of the admin port \S+: ECONNREFUSED\n$/);
    assert.match((await probe({ admin: { port: silent.port } })).out, /: no response within 3 s\n$/);
  });

  it('fails in one line if the configuration has no address', async () => {
    const { code, out } = await probe({ buckets: [], server: 1 });
    assert.equal(code, 1);
    assert.match(out, /^\S+ is not a valid configuration; list its problems with mizuchi-uploadr check\n$/);
    assert.equal((await probe({ admin: { port: 0 } })).out, 'the admin port is 0, any free port; set a number\n');
  });
});
