import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { CLI, startGatewayProcess } from '../support/gateway-process.ts';
import { RawClient, send } from '../support/http-client.ts';
import { answerWell, RawStore } from '../support/raw-store.ts';

/** "socket hang up" has the code ECONNRESET, too. */
const isClosed = ({ code }: NodeJS.ErrnoException): boolean => code === 'ECONNREFUSED' || code === 'ECONNRESET';

describe('the gateway as a process', () => {
  let store: RawStore;
  before(async () => {
    store = await RawStore.start();
  });
  beforeEach(() => {
    store.behaviour = answerWell;
    store.requests.length = 0;
  });
  after(() => store.close());

  const config = (more: object = {}) => ({
    server: { address: '127.0.0.1:0', shutdown_timeout_seconds: 10 },
    buckets: [
      {
        name: 'uploads',
        s3: { bucket: 'my-bucket', endpoint: store.url, access_key: 'AKEXAMPLE', secret_key: 'very-secret-key' },
      },
    ],
    metrics: { port: 0 },
    ...more,
  });

  it('finishes running requests on SIGTERM, accepts no new ones, and exits with 0', async () => {
    const gateway = await startGatewayProcess(config());
    const body = randomBytes(300_000);
    const client = await RawClient.connect(gateway.url);
    const arrived = store.next();
    client.write(`PUT /uploads/k HTTP/1.1\r\nHost: g\r\nContent-Length: ${body.length}\r\n\r\n`);
    client.write(body.subarray(0, 100_000));
    await arrived;
    gateway.process.kill('SIGTERM');
    await assert.rejects(async () => {
      for (;;) await send(gateway.url, 'GET', '/ready'); // until the port is closed
    }, isClosed);
    client.write(body.subarray(100_000));
    await client.until(/^HTTP\/1\.1 200 OK\r\n[\s\S]*connection: close/i);
    assert.equal(await gateway.exited, 0);
    assert.ok(store.requests[0]!.body.equals(body));
  });

  it('resets requests on SIGTERM that do not finish in time, and stores nothing of them', async () => {
    const gateway = await startGatewayProcess(
      config({ server: { address: '127.0.0.1:0', shutdown_timeout_seconds: 1 } }),
    );
    const client = await RawClient.connect(gateway.url);
    const arrived = store.next();
    client.write('PUT /uploads/k HTTP/1.1\r\nHost: g\r\nContent-Length: 300000\r\n\r\n');
    client.write(Buffer.alloc(100_000));
    const request = await arrived;
    assert.equal(await gateway.stop(), 0);
    await request.over;
    assert.equal(request.complete, false);
    assert.doesNotMatch(await client.closed(), /200 OK/);
    assert.equal(gateway.log.at(-1)?.error_type, 'shutting_down');
  });

  it('loads nothing of tracing, the export and the view when they are off, and only the signals that are on', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mizuchi-test-'));
    const hook = fileURLToPath(new URL('../support/record-loaded-modules.ts', import.meta.url));
    const loaded = async (sections: object): Promise<string> => {
      const file = join(folder, 'loaded');
      process.env.LOADED_MODULES = file;
      const gateway = await startGatewayProcess(config(sections), ['--import', hook]);
      delete process.env.LOADED_MODULES;
      const answer = await send(gateway.url, 'PUT', '/uploads/k', 'x');
      assert.equal(answer.headers['server-timing'] !== undefined, 'otlp' in (sections as { tracing: object }).tracing);
      await gateway.stop();
      const urls = await readFile(file, 'utf8');
      await rm(file);
      return urls;
    };
    const off = { enabled: false };
    const otlp = { endpoint: store.url, protocol: 'http/protobuf' };
    const TRACING = /\/src\/tracing\/|@opentelemetry|@grpc/;
    const EXPORT = /\/src\/export\/|protobuf/;
    const METRICS = /\/metrics\/otlp/;
    const LOGS = /\/logging\/otlp/;
    const VIEW = /\/src\/view\//;
    const nothing = await loaded({ tracing: off });
    for (const room of [TRACING, EXPORT, METRICS, LOGS]) assert.doesNotMatch(nothing, room);
    const traces = await loaded({ tracing: { enabled: true, otlp } });
    for (const room of [TRACING, EXPORT]) assert.match(traces, room);
    for (const room of [METRICS, LOGS]) assert.doesNotMatch(traces, room);
    const others = await loaded({ tracing: off, metrics: { port: 0, otlp }, logging: { otlp } });
    for (const room of [EXPORT, METRICS, LOGS]) assert.match(others, room);
    assert.doesNotMatch(others, TRACING);
    for (const urls of [nothing, traces, others]) assert.doesNotMatch(urls, VIEW);
    assert.match(
      await loaded({ tracing: off, metrics: { enabled: false }, admin: { enabled: true, port: 0, view: true } }),
      VIEW,
    );
    await rm(folder, { recursive: true });
  });

  const run = (args: string[], env: NodeJS.ProcessEnv = {}): Promise<{ code: number; out: string; err: string }> =>
    new Promise((resolve) => {
      execFile(process.execPath, [CLI, ...args], { env: { ...process.env, ...env } }, (error, out, err) => {
        resolve({ code: (error?.code as number | undefined) ?? 0, out, err });
      });
    });

  it('prints its version and its help', async () => {
    const { version } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'));
    assert.deepEqual(await run(['--version']), { code: 0, out: `${version}\n`, err: '' });
    const { code, out } = await run(['--help']);
    assert.equal(code, 0);
    for (const word of ['serve', 'check', 'store', '--config', 'MIZUCHI_CONFIG']) assert.ok(out.includes(word), word);
  });

  it('refuses unknown commands and options', async () => {
    assert.deepEqual(await run(['serv']).then(({ code, err }) => [code, /Did you mean serve/.test(err)]), [2, true]);
    assert.equal((await run(['serve', '--confg', 'x'])).code, 2);
    assert.equal((await run([])).code, 2);
    assert.match((await run([])).err, /--config FILE or set MIZUCHI_CONFIG/);
  });

  it('checks a configuration by every spelling of the command', async () => {
    const example = fileURLToPath(new URL('../../config.example.yaml', import.meta.url));
    for (const args of [
      ['check', '--config', example],
      ['check', '-c', example],
      ['--validate', '--config', example],
    ]) {
      const { code, out } = await run(args);
      assert.equal(code, 0, args.join(' '));
      assert.match(out, /uploads/);
      assert.match(out, /anonymous/i);
    }
    assert.equal((await run(['check'], { MIZUCHI_CONFIG: example })).code, 0);
    const wrong = await run(['check', '--config', '/does/not/exist.yaml']);
    assert.equal(wrong.code, 1);
    assert.match(wrong.out + wrong.err, /\/does\/not\/exist\.yaml/);
  });

  it('refuses --as without an upload to try, and an empty token', async () => {
    const alone = await run(['check', '--config', 'c.yaml', '--as', 'DEVICE7']);
    assert.deepEqual(
      [alone.code, alone.err],
      [2, 'error: --as needs --put; name the upload to try, such as --put uploads/a/b.txt\n'],
    );
    const empty = await run(['check', '--config', 'c.yaml', '--put', 'uploads/k', '--as', '']);
    assert.equal(empty.code, 2);
    assert.match(empty.err, /^error: the token or access key of --as is empty;/);
  });

  it('reports why it cannot start', async () => {
    const taken = new URL(store.url).host;
    const folder = await mkdtemp(join(tmpdir(), 'mizuchi-test-'));
    const file = join(folder, 'config.yaml');
    await writeFile(file, JSON.stringify(config({ server: { address: taken } })));
    const { code, err } = await run(['--config', file]);
    assert.equal(code, 1);
    assert.match(err, /EADDRINUSE.*: another process uses this port; .*server\.address/);
    await rm(folder, { recursive: true });
  });
});
