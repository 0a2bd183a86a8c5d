/** Several workers as one gateway: one port, one set of limits and metrics, one end. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { type GatewayProcess, startGatewayWithFile } from '../support/gateway-process.ts';
import { RawClient, send } from '../support/http-client.ts';
import { receiveSignals } from '../support/otlp-signals.ts';
import { answerWell, RawStore } from '../support/raw-store.ts';
import { readMetrics } from '../support/read-metrics.ts';
import { AUTHORITY } from '../support/test-authority.ts';

const WORKERS = 2;

describe('a gateway with several workers', () => {
  let folder = '';
  let file = '';
  let store: RawStore;
  let gateway: GatewayProcess;

  before(async () => {
    store = await RawStore.start();
  });
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mizuchi-test-'));
    file = join(folder, 'config.yaml');
    store.behaviour = answerWell;
    store.requests.length = 0;
  });
  afterEach(async () => {
    await gateway.stop();
    await rm(folder, { recursive: true });
  });
  after(() => store.close());

  const configOf = (names: readonly string[], more: object = {}) => ({
    server: { address: '127.0.0.1:0', workers: WORKERS, upload_id_secret: 's'.repeat(32) },
    buckets: names.map((name) => ({
      name,
      s3: { bucket: `b-${name}`, endpoint: store.url, access_key: 'AKEXAMPLE', secret_key: 'very-secret-key' },
    })),
    admin: { port: 0, reload: true },
    ...more,
  });
  const write = (config: object) => writeFile(file, JSON.stringify(config));
  const start = async (config: object, ...args: string[]): Promise<void> => {
    await write(config);
    gateway = await startGatewayWithFile(file, args);
  };
  const put = async (path: string) => (await send(gateway.url, 'PUT', path, 'hello')).status;
  const admin = () => new URL('/', gateway.metricsUrl).href;
  /** Processes whose parent is the primary (proc(5), /proc/pid/task/tid/children). */
  const pids = async (): Promise<number[]> => {
    const { pid } = gateway.process;
    const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
    return text.trim().split(' ').filter(Boolean).map(Number);
  };
  const uploads = async () => (await readMetrics(gateway.metricsUrl))('mizuchi_uploads_total', 'result="success"');

  it('shares one port, and its metrics are those of all', async () => {
    await start(configOf(['one']));
    assert.equal((await pids()).length, WORKERS);
    for (let i = 0; i < 20; i++) assert.equal(await put(`/one/${i}`), 200);
    assert.equal(await uploads(), 20);
    const figure = await readMetrics(gateway.metricsUrl);
    assert.equal(figure('mizuchi_workers', 'state="running"'), WORKERS);
    assert.equal(figure('mizuchi_request_duration_seconds_count', 'operation="PutObject"'), 20);
    assert.equal(figure('mizuchi_limit', 'setting="server.max_connections"'), 10_000);
    assert.equal(figure('mizuchi_build_info'), 1);
  });

  it('gives V8 a larger young generation', async () => {
    await start(configOf(['one']));
    for (const pid of await pids()) {
      assert.ok((await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0').includes('--min-semi-space-size=4'));
    }
  });

  it('exports its metrics over OTLP once, as those of all', async () => {
    const collector = await receiveSignals();
    const otlp = { endpoint: collector.endpoint, protocol: 'http/protobuf', interval_seconds: 0.1 };
    await start(configOf(['one'], { metrics: { otlp } }));
    for (let i = 0; i < 20; i++) await put(`/one/${i}`);
    // A worker alone would not have all of them.
    await collector.until(({ body }) => JSON.stringify(body).includes('"asDouble":20'));
    await gateway.stop();
    const instances = collector.received.map(({ body }) => JSON.stringify(body.resourceMetrics[0].resource));
    assert.equal(new Set(instances).size, 1);
    await collector.close();
  });

  it('divides its limits among the workers', async () => {
    store.behaviour = (request) => void request.resume();
    const more = { upload: { concurrent_uploads: 4 } };
    const config = configOf(['one'], more);
    await start({ ...config, server: { ...config.server, shutdown_timeout_seconds: 0.1 } });
    const clients: RawClient[] = [];
    for (let i = 0; i < 12; i++) {
      const client = await RawClient.connect(gateway.url);
      client.write(`PUT /one/${i} HTTP/1.1\r\nHost: g\r\nContent-Length: 5\r\n\r\nhello`);
      clients.push(client);
    }
    const refused = () => clients.filter(({ received }) => /^HTTP\/1\.1 503 /.test(received)).length;
    while (refused() + store.requests.length < clients.length) await new Promise(setImmediate);
    assert.ok(store.requests.length >= WORKERS && store.requests.length <= 4, `${store.requests.length} uploads`);
    for (const client of clients) client.destroy();
  });

  it('replaces a worker that dies, and its counters never decrease', async () => {
    await start(configOf(['one']));
    for (let i = 0; i < 10; i++) await put(`/one/${i}`);
    assert.equal(await uploads(), 10);
    const [first] = await pids();
    process.kill(first!, 'SIGKILL');
    const line = await gateway.logged(({ msg }) => msg === 'a worker ended unexpectedly; it is replaced');
    assert.deepEqual([line.pid, line.end], [first, 'SIGKILL']);
    await gateway.logged(({ msg }) => msg === 'worker replaced');
    assert.equal((await pids()).length, WORKERS);
    assert.equal(await uploads(), 10);
    for (let i = 0; i < 10; i++) assert.equal(await put(`/one/again-${i}`), 200);
    assert.equal(await uploads(), 20);
    assert.equal((await readMetrics(gateway.metricsUrl))('mizuchi_worker_failures_total'), 1);
  });

  it('ends with 1 if its workers die again and again', async () => {
    await start(configOf(['one']));
    let isOver = false;
    void gateway.exited.then(() => {
      isOver = true;
    });
    while (!isOver) {
      for (const pid of await pids().catch(() => [])) {
        try {
          process.kill(pid, 'SIGKILL');
        } catch {
          // It is gone already.
        }
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assert.equal(await gateway.exited, 1);
    const last = gateway.log.find(({ msg }) => msg === 'the workers end again and again; the gateway ends');
    assert.ok(last !== undefined, gateway.errors);
  });

  it('reloads in all workers, or in none', async () => {
    await start(configOf(['one']));
    await write(configOf(['two']));
    gateway.process.kill('SIGHUP');
    const line = await gateway.logged(({ msg }) => msg === 'configuration read again');
    assert.deepEqual(line.changed, ['buckets.one', 'buckets.two']);
    for (let i = 0; i < 6; i++) assert.deepEqual([await put('/one/k'), await put('/two/k')], [404, 200]);
    await writeFile(file, 'buckets: [');
    const { status, body } = await send(admin(), 'POST', '/-/reload', '');
    assert.equal(status, 422);
    assert.match(JSON.parse(body).problem, /config\.yaml:1:/);
    for (let i = 0; i < 4; i++) assert.equal(await put('/two/k'), 200);
    assert.equal((await readMetrics(gateway.metricsUrl))('mizuchi_config_last_reload_successful'), 0);
  });

  it('replaces all workers on SIGUSR2 without a failed request', async () => {
    await start(configOf(['one']));
    const before = await pids();
    const failed: unknown[] = [];
    let count = 0;
    let isOver = false;
    const client = async (name: string): Promise<void> => {
      for (let i = 0; !isOver; i++) {
        const status = await put(`/one/${name}-${i}`).catch((error: Error) => error.message);
        if (status === 200) count++;
        else failed.push(status);
      }
    };
    const clients = ['a', 'b', 'c'].map(client);
    const slow = await RawClient.connect(gateway.url);
    slow.write('PUT /one/slow HTTP/1.1\r\nHost: g\r\nContent-Length: 5\r\n\r\nhe');
    gateway.process.kill('SIGUSR2');
    await gateway.logged(({ msg }) => msg === 'all workers replaced');
    slow.write('llo');
    await slow.until(/^HTTP\/1\.1 200 OK\r\n[\s\S]*connection: close/i);
    isOver = true;
    await Promise.all(clients);
    assert.deepEqual(failed, []);
    while ((await pids()).length > WORKERS) await new Promise((resolve) => setTimeout(resolve, 10));
    assert.deepEqual(
      (await pids()).filter((pid) => before.includes(pid)),
      [],
    );
    assert.equal(await uploads(), count + 1);
  });

  it('keeps its workers if new ones cannot start', async () => {
    const authorities = join(folder, 'ca.pem');
    await writeFile(authorities, AUTHORITY);
    const [one] = configOf(['one']).buckets;
    const two = { name: 'two', s3: { ...one!.s3, endpoint: 'https://127.0.0.1:9', ca_file: authorities } };
    await start({ ...configOf(['one']), buckets: [one, two] });
    const before = await pids();
    await rm(authorities);
    gateway.process.kill('SIGUSR2');
    const line = await gateway.logged(({ msg }) => msg === 'the workers could not be replaced');
    assert.match(String(line.problem), /ca\.pem.*ENOENT/);
    assert.equal(await put('/one/k'), 200);
    while ((await pids()).length > WORKERS) await new Promise(setImmediate);
    assert.deepEqual(await pids(), before);
  });

  it('closes connections beyond the limit of all workers', async () => {
    const config = configOf(['one']);
    await start({ ...config, server: { ...config.server, max_connections: 2 } });
    const clients = await Promise.all(Array.from({ length: 6 }, () => RawClient.connect(gateway.url)));
    const closed = new Set<RawClient>();
    for (const client of clients) void client.closed().then(() => closed.add(client));
    while (closed.size < 4) await new Promise(setImmediate);
    for (const client of clients) client.destroy();
    const refused = async () => (await readMetrics(gateway.metricsUrl))('mizuchi_refused_connections_total');
    while ((await refused()) < 4) await new Promise(setImmediate);
  });

  it('ends as a whole with one SIGTERM, after its uploads', async () => {
    await start(configOf(['one']));
    const client = await RawClient.connect(gateway.url);
    const arrived = store.next();
    client.write('PUT /one/k HTTP/1.1\r\nHost: g\r\nContent-Length: 300000\r\n\r\n');
    client.write(Buffer.alloc(200_000));
    await arrived;
    gateway.process.kill('SIGTERM');
    await assert.rejects(async () => {
      for (;;) (await RawClient.connect(gateway.url)).destroy();
    });
    client.write(Buffer.alloc(100_000));
    await client.until(/^HTTP\/1\.1 200 OK\r\n/);
    assert.equal(await gateway.exited, 0);
  });

  it('ends its workers, after their uploads, when the primary is killed', async () => {
    await start(configOf(['one']));
    const workers = await pids();
    const client = await RawClient.connect(gateway.url);
    const arrived = store.next();
    client.write('PUT /one/k HTTP/1.1\r\nHost: g\r\nContent-Length: 300000\r\n\r\n');
    client.write(Buffer.alloc(200_000));
    await arrived;
    const killed = once(gateway.process, 'exit'); // the workers still hold its standard output
    gateway.process.kill('SIGKILL');
    await killed;
    client.write(Buffer.alloc(100_000));
    await client.until(/^HTTP\/1\.1 200 OK\r\n/);
    const isThere = (pid: number): boolean => {
      try {
        return process.kill(pid, 0);
      } catch {
        return false;
      }
    };
    while (workers.some(isThere)) await new Promise((resolve) => setTimeout(resolve, 10));
  });

  it('reports an address that it cannot use, and ends with 1', async () => {
    await start(configOf(['one']));
    const { port } = new URL(gateway.url);
    const other = join(folder, 'other.yaml');
    const config = configOf(['one']);
    await writeFile(other, JSON.stringify({ ...config, server: { ...config.server, address: `127.0.0.1:${port}` } }));
    await assert.rejects(
      startGatewayWithFile(other),
      /ended with 1: error: .*EADDRINUSE.*another process uses this port/,
    );
  });

  it('is what `--workers` overrides', async () => {
    await start(configOf(['one']), '--workers', '1');
    assert.equal((await pids()).length, 0);
    assert.equal(await put('/one/k'), 200);
  });
});
