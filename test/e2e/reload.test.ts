/** Reloads of the whole configuration in a running process: all of it or nothing, and no request notices. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { reload } from '../../src/cli/reload.ts';
import { type GatewayProcess, startGatewayWithFile } from '../support/gateway-process.ts';
import { RawClient, send } from '../support/http-client.ts';
import { CREATED } from '../support/multipart.ts';
import { answering, answerWell, RawStore } from '../support/raw-store.ts';
import { readMetrics } from '../support/read-metrics.ts';

const SECRET = 'very-secret-key';
/** Of the form of a secret key, where a space is missing before it. */
const LEAKED = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';

describe('a running gateway', () => {
  let folder = '';
  let file = '';
  let store: RawStore;
  let other: RawStore;
  let gateway: GatewayProcess;

  before(async () => {
    [store, other] = [await RawStore.start(), await RawStore.start()];
  });
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mizuchi-test-'));
    file = join(folder, 'config.yaml');
    for (const each of [store, other]) {
      each.behaviour = answerWell;
      each.requests.length = 0;
    }
  });
  afterEach(async () => {
    await gateway.stop();
    await rm(folder, { recursive: true });
  });
  after(() => Promise.all([store.close(), other.close()]));

  const bucket = (name: string, { url } = store, more: object = {}) => ({
    name,
    s3: { bucket: `b-${name}`, endpoint: url, access_key: 'AKEXAMPLE', secret_key: SECRET, ...more },
  });
  const config = (buckets: readonly object[], more: object = {}) => ({
    server: { address: '127.0.0.1:0', upload_id_secret: 's'.repeat(32) },
    buckets,
    admin: { port: 0, reload: true },
    ...more,
  });
  const write = (content: object | string) =>
    writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
  const start = async (content: object, ...args: string[]) => {
    await write(content);
    gateway = await startGatewayWithFile(file, args);
  };
  const put = async (path: string) => (await send(gateway.url, 'PUT', path, 'hello')).status;
  const hangUp = async (): Promise<Record<string, unknown>> => {
    const { length } = gateway.log;
    gateway.process.kill('SIGHUP');
    return gateway.logged(
      (line) => gateway.log.indexOf(line) >= length && /^(the )?configuration /.test(String(line.msg)),
    );
  };

  it('adds, changes and removes buckets on SIGHUP', async () => {
    await start(config([bucket('one'), bucket('two')]));
    await write(config([bucket('one'), bucket('three', other)]));
    const line = await hangUp();
    assert.deepEqual(
      [line.msg, line.changed, line.need_restart],
      ['configuration read again', ['buckets.two', 'buckets.three'], []],
    );
    assert.deepEqual([await put('/one/k'), await put('/two/k'), await put('/three/k')], [200, 404, 200]);
    assert.deepEqual(
      other.requests.map(({ target }) => target),
      ['/b-three/k'],
    );
    await write(config([bucket('one', other)]));
    await hangUp();
    assert.equal(await put('/one/k2'), 200);
    assert.equal(other.requests.at(-1)?.target, '/b-one/k2');
  });

  it('serves a request in progress with the configuration in which it began', async () => {
    await start(config([bucket('one')]));
    const client = await RawClient.connect(gateway.url);
    const arrived = store.next();
    client.write('PUT /one/slow HTTP/1.1\r\nHost: g\r\nContent-Length: 300000\r\n\r\n');
    client.write(Buffer.alloc(200_000));
    await arrived;
    await write(config([bucket('another', other)]));
    await hangUp();
    assert.equal(await put('/one/k'), 404);
    client.write(Buffer.alloc(100_000));
    await client.until(/^HTTP\/1\.1 200 OK\r\n/);
    assert.equal(store.requests.at(-1)?.body.length, 300_000);
  });

  it('keeps the connections to the store of a bucket that does not change', async () => {
    await start(config([bucket('one')]));
    const sockets = new Set<unknown>();
    store.behaviour = (request, response, record) => {
      sockets.add(request.socket);
      return answerWell(request, response, record);
    };
    assert.equal(await put('/one/a'), 200);
    await write(config([bucket('one'), bucket('two')]));
    await hangUp();
    assert.equal(await put('/one/b'), 200);
    assert.equal(sockets.size, 1);
  });

  const WRONG: readonly [string, () => object | string, RegExp][] = [
    ['has a syntax error', () => 'buckets: [', /config\.yaml:1:\d+: /],
    [
      'has an invalid setting',
      () => config([{ ...bucket('one'), nonsense: 1 }]),
      /config\.yaml:1:\d+ buckets\[0\]\.nonsense: is not a known key/,
    ],
    [
      'names a file that is not there',
      () => config([bucket('one'), bucket('two', store, { endpoint: 'https://127.0.0.1:1', ca_file: 'none.pem' })]),
      /bucket two: s3\.ca_file .*ENOENT/,
    ],
  ];
  for (const [what, content, problem] of WRONG) {
    it(`changes nothing if the file ${what}`, async () => {
      await start(config([bucket('one')]));
      const metrics = gateway.metricsUrl;
      const before = await readMetrics(metrics);
      await write(content());
      const line = await hangUp();
      assert.equal(line.level, 'error');
      assert.match(String(line.problem), problem);
      assert.equal(await put('/one/k'), 200);
      const after = await readMetrics(metrics);
      assert.equal(after('mizuchi_config_last_reload_successful'), 0);
      const at = 'mizuchi_config_last_reload_success_timestamp_seconds';
      assert.equal(after(at), before(at));
      await write(config([bucket('one')]));
      await hangUp();
      assert.equal((await readMetrics(metrics))('mizuchi_config_last_reload_successful'), 1);
    });
  }

  it('names the settings that need a restart, and puts the others in use', async () => {
    await start(config([bucket('one')]));
    await write(
      config([bucket('two')], { upload: { concurrent_uploads: 7 }, metrics: { enabled: true, max_connections: 9 } }),
    );
    const line = await hangUp();
    assert.equal(line.msg, 'configuration read again; some changes need a restart');
    assert.deepEqual(line.need_restart, ['upload.concurrent_uploads', 'metrics.max_connections']);
    assert.equal(await put('/two/k'), 200);
    const figure = await readMetrics(gateway.metricsUrl);
    assert.equal(figure('mizuchi_limit', 'setting="upload.concurrent_uploads"'), 1000);
    assert.equal(figure('mizuchi_limit', 'setting="buckets.two.s3.max_connections"'), 256);
    assert.equal(figure('mizuchi_limit', 'setting="buckets.one.s3.max_connections"'), 0);
  });

  it('reads a secret again when its file changes, as Kubernetes replaces it', async () => {
    const authorization: string[] = [];
    store.behaviour = (request, response, record) => {
      authorization.push(/Credential=([^/]+)/.exec(request.headers.authorization ?? '')?.[1] ?? '');
      return answerWell(request, response, record);
    };
    const mount = async (version: string, key: string) => {
      await mkdir(join(folder, version));
      await writeFile(join(folder, version, 'key'), `${key}\n`);
      await symlink(version, join(folder, '..new'));
      await rename(join(folder, '..new'), join(folder, '..data'));
    };
    await mount('..1', 'AKOLD');
    await symlink('..data/key', join(folder, 'key'));
    await start(config([bucket('one', store, { access_key: undefined, access_key_file: 'key' })]));
    assert.equal(await put('/one/a'), 200);
    await mount('..2', 'AKNEW');
    await gateway.logged(({ msg }) => msg === 'configuration read again');
    assert.equal(await put('/one/b'), 200);
    assert.deepEqual(authorization, ['AKOLD', 'AKNEW']);
    assert.doesNotMatch(JSON.stringify(gateway.log), /AKOLD|AKNEW|very-secret/);
  });

  it('keeps the ids of multipart uploads when it gets a secret for them', async () => {
    store.behaviour = (request, response, record) =>
      request.method === 'POST'
        ? answering(200, CREATED)(request, response, record)
        : answerWell(request, response, record);
    const without = { ...config([bucket('one')]), server: { address: '127.0.0.1:0' } };
    await start(without);
    const created = await send(gateway.url, 'POST', '/one/k?uploads', '');
    const id = /<UploadId>([^<]+)</.exec(created.body)![1];
    await write({ ...without, server: { ...without.server, upload_id_secrets: ['n'.repeat(32)] } });
    await hangUp();
    assert.equal(await put(`/one/k?partNumber=1&uploadId=${id}`), 200);
  });

  it('does nothing on SIGUSR2 without workers', async () => {
    await start(config([bucket('one')]));
    gateway.process.kill('SIGUSR2');
    assert.equal(await put('/one/k'), 200);
  });

  it('reads the file again when it changes, with --watch', async () => {
    await start(config([bucket('one')]), '--watch');
    await write(config([bucket('two')]));
    await gateway.logged(({ msg }) => msg === 'configuration read again');
    assert.equal(await put('/two/k'), 200);
  });

  describe('by its admin port', () => {
    const admin = () => new URL('/', gateway.metricsUrl).href;
    const post = (path: string, headers = {}) => send(admin(), 'POST', path, '', headers);

    it('reloads, or shows what would change', async () => {
      await start(config([bucket('one')]));
      await write(config([bucket('two')], { tracing: { enabled: false, service_name: 'x' } }));
      const document = { file, changed: ['buckets.one', 'buckets.two'], need_restart: ['tracing.service_name'] };
      await write('buckets: [');
      assert.equal((await post('/-/reload?dry_run')).status, 422);
      assert.equal((await readMetrics(gateway.metricsUrl))('mizuchi_config_last_reload_successful'), 1);
      await write(config([bucket('two')], { tracing: { enabled: false, service_name: 'x' } }));
      const dry = await post('/-/reload?dry_run');
      assert.deepEqual([dry.status, JSON.parse(dry.body)], [200, document]);
      assert.equal(await put('/one/k'), 200);
      const real = await post('/-/reload');
      assert.deepEqual([real.status, JSON.parse(real.body)], [200, document]);
      assert.equal(await put('/one/k'), 404);
      await write('buckets: [');
      const wrong = await post('/-/reload');
      assert.equal(wrong.status, 422);
      assert.match(JSON.parse(wrong.body).problem, /config\.yaml:1:/);
      await write(`buckets: [{ name: one, s3: { bucket: b-one, secret_key:${LEAKED} } }]`);
      const leaking = await post('/-/reload');
      assert.equal(leaking.status, 422);
      assert.doesNotMatch(leaking.body + JSON.stringify(gateway.log), new RegExp(LEAKED));
    });

    it('refuses other methods, web pages, and gateways that do not allow it', async () => {
      await start(config([bucket('one')]));
      const { status, headers } = await send(admin(), 'GET', '/-/reload');
      assert.deepEqual([status, headers.allow], [405, 'POST']);
      assert.equal((await post('/-/reload', { origin: 'https://evil.example' })).status, 403);
      assert.equal((await post('/-/reload', { host: 'evil.example' })).status, 421);
      await gateway.stop();
      await start(config([bucket('one')], { admin: { port: 0 } }));
      const off = await post('/-/reload');
      assert.equal(off.status, 404);
      assert.match(off.body, /admin\.reload/);
    });

    it('and the command `reload`', async () => {
      await start(config([bucket('one')]));
      const { port } = new URL(admin());
      const run = async (options: object): Promise<[number, string]> => {
        let text = '';
        const code = await reload(file, {}, (piece) => void (text += piece), options);
        return [code, text];
      };
      const at = { admin: { port: Number(port), reload: true } };
      await write(config([bucket('two')], at));
      const lines = '  would change  buckets.one\n  would change  buckets.two\n  needs a restart  admin.port\n';
      assert.deepEqual(await run({ dryRun: true }), [0, `${file}: \n${lines}`]);
      assert.equal(await put('/one/k'), 200);
      assert.deepEqual(await run({}), [0, `${file}: \n${lines.replaceAll('would change', 'changed')}`]);
      assert.equal(await put('/two/k'), 200);
      assert.match((await run({}))[1], /needs a restart {2}admin\.port/);
      const another = join(folder, 'another.yaml');
      await writeFile(another, JSON.stringify(config([bucket('two')], at)));
      let said = '';
      assert.equal(await reload(another, {}, (piece) => void (said += piece), { dryRun: true }), 1);
      assert.match(said, /reads .*config\.yaml, not .*another\.yaml; use its file/);
      await write(config([bucket('two')], { admin: { port: 1, reload: true } }));
      const [code, text] = await run({});
      assert.equal(code, 1);
      assert.match(
        text,
        /error: no response from http:\/\/127\.0\.0\.1:1\/-\/reload \(ECONNREFUSED\); is the gateway running\?/,
      );
    });
  });
});
