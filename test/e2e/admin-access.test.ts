/** `admin.token_file` and `admin.tls`, on a running gateway. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type RequestOptions, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import { CLI } from '../support/gateway-process.ts';
import { send } from '../support/http-client.ts';
import { SELF_SIGNED_CERTIFICATE, SELF_SIGNED_KEY } from '../support/self-signed.ts';
import { startGateway, type TestGateway } from '../support/start-gateway.ts';
import {
  AUTHORITY,
  CLIENT_CERTIFICATE,
  CLIENT_KEY,
  SERVER_CERTIFICATE,
  SERVER_KEY,
} from '../support/test-authority.ts';

const STORE = 'http://127.0.0.1:1';

describe('the token of the admin port', () => {
  let folder: string;
  let gateway: TestGateway;
  let url: string;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'mizuchi-token-'));
    writeFileSync(join(folder, 'token'), '  first-token\n');
    const admin = { port: 0, token_file: 'token', reload: true };
    gateway = await startGateway({ storeUrl: STORE, directory: folder, admin, logging: { level: 'debug' } });
    url = `http://127.0.0.1:${gateway.app.adminPort}`;
  });
  after(async () => {
    await gateway.close();
    rmSync(folder, { recursive: true });
  });
  const get = (path: string, authorization?: string) =>
    send(url, 'GET', path, undefined, authorization === undefined ? {} : { authorization });

  it('is needed for everything but probes', async () => {
    for (const path of ['/metrics', '/', '/api/uploads', '/none'])
      for (const wrong of [
        undefined,
        'first-token',
        'Basic first-token',
        'Bearer ',
        'Bearer first',
        'Bearer first-tokens',
      ]) {
        const { status, headers, body } = await get(path, wrong);
        assert.deepEqual([status, headers['www-authenticate']], [401, 'Bearer']);
        assert.match(body, /admin\.token_file/);
        assert.doesNotMatch(body, /first/);
      }
    assert.equal((await send(url, 'POST', '/-/reload')).status, 401);
    for (const path of ['/health', '/startup', '/ready']) assert.equal((await get(path)).status, 200);
  });

  it('opens the port', async () => {
    for (const right of ['Bearer first-token', 'bearer  first-token ']) {
      assert.equal((await get('/metrics', right)).status, 200);
      assert.match((await get('/', right)).body, /admin\.view/);
    }
    assert.equal(
      (await send(url, 'GET', '/metrics', undefined, { host: 'other', authorization: 'Bearer first-token' })).status,
      421,
    );
  });

  it('is never logged, and replaced within a second', async () => {
    writeFileSync(join(folder, 'token'), 'second-token');
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    assert.equal((await get('/metrics', 'Bearer first-token')).status, 401);
    assert.equal((await get('/metrics', 'Bearer second-token')).status, 200);
    writeFileSync(join(folder, 'token'), '\n');
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    assert.equal((await get('/metrics', 'Bearer second-token')).status, 401);
    assert.doesNotMatch(JSON.stringify(gateway.log), /-token/);
  });

  it('prevents the start if its file is empty or missing', async () => {
    writeFileSync(join(folder, 'empty'), ' \n');
    for (const [file, wrong] of [
      ['empty', /is empty/],
      ['none', /ENOENT/],
    ] as const)
      await assert.rejects(
        startGateway({ storeUrl: STORE, directory: folder, admin: { port: 0, token_file: file } }),
        ({ message }: Error) => message.startsWith('admin.token_file: ') && wrong.test(message),
      );
  });
});

/** A command with a configuration next to the files of the gateway. */
async function run(folder: string, command: string, server: object, admin: object) {
  const file = join(folder, 'config.yaml');
  const s3 = { bucket: 'my-bucket', endpoint: STORE, access_key: 'AK', secret_key: 'SK' };
  writeFileSync(file, JSON.stringify({ server, admin, buckets: [{ name: 'uploads', s3 }] }));
  const child = spawn(process.execPath, [CLI, command, '--config', file], { stdio: ['ignore', 'pipe', 'pipe'] });
  const [out, errors, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code, out: out + errors };
}

describe('the admin port with TLS', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'mizuchi-admin-tls-'));
    writeFileSync(join(folder, 'server.crt'), SERVER_CERTIFICATE);
    writeFileSync(join(folder, 'server.key'), SERVER_KEY);
    writeFileSync(join(folder, 'clients.crt'), AUTHORITY);
  });
  after(() => rmSync(folder, { recursive: true }));

  const start = (tls: object = {}): Promise<TestGateway> =>
    startGateway({
      storeUrl: STORE,
      directory: folder,
      server: { tls: { cert_file: 'server.crt', key_file: 'server.key', ...tls } },
      admin: { port: 0, tls: true },
    });

  async function get(gateway: TestGateway, path: string, options: RequestOptions = {}) {
    const { adminPort: port } = gateway.app;
    const sent = request({ host: '127.0.0.1', port, path, ca: AUTHORITY, agent: false, ...options }).end();
    const [response] = await once(sent, 'response');
    return { status: response.statusCode as number, body: await text(response) };
  }

  it('uses HTTPS with the certificate of server.tls, also after it is replaced', async (t) => {
    const gateway = await start();
    t.after(() => gateway.close());
    assert.equal((await get(gateway, '/metrics')).status, 200);
    await assert.rejects(send(`http://127.0.0.1:${gateway.app.adminPort}`, 'GET', '/health'));
    writeFileSync(join(folder, 'server.key'), SELF_SIGNED_KEY);
    writeFileSync(join(folder, 'server.crt'), SELF_SIGNED_CERTIFICATE);
    t.after(() => {
      writeFileSync(join(folder, 'server.crt'), SERVER_CERTIFICATE);
      writeFileSync(join(folder, 'server.key'), SERVER_KEY);
    });
    for (const port of [gateway.app.adminPort!, gateway.app.port]) {
      const end = Date.now() + 10_000;
      while ((await subjectOf(port)) !== 'localhost' && Date.now() < end)
        await new Promise((resolve) => setTimeout(resolve, 50));
      assert.equal(await subjectOf(port), 'localhost');
    }
  });

  async function subjectOf(port: number): Promise<unknown> {
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    const { subject } = socket.getPeerCertificate();
    socket.destroy();
    return subject.CN;
  }

  it('needs a client certificate for everything but probes where clients have an authority', async (t) => {
    const gateway = await start({ client_ca_file: 'clients.crt' });
    t.after(() => gateway.close());
    for (const path of ['/metrics', '/', '/api/view']) {
      const { status, body } = await get(gateway, path);
      assert.equal(status, 403);
      assert.match(body, /client certificate/);
      const other = await get(gateway, path, { cert: SELF_SIGNED_CERTIFICATE, key: SELF_SIGNED_KEY });
      assert.equal(other.status, 403);
    }
    assert.equal((await get(gateway, '/health')).status, 200);
    assert.equal((await get(gateway, '/metrics', { cert: CLIENT_CERTIFICATE, key: CLIENT_KEY })).status, 200);
  });

  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const)
    it(`needs it also in a resumed session of ${maxVersion}`, async (t) => {
      const gateway = await start({ client_ca_file: 'clients.crt' });
      t.after(() => gateway.close());
      const options = { host: '127.0.0.1', port: gateway.app.adminPort!, ca: AUTHORITY, maxVersion };
      for (const [client, status] of [
        [{}, 403],
        [{ cert: SELF_SIGNED_CERTIFICATE, key: SELF_SIGNED_KEY }, 403],
        [{ cert: CLIENT_CERTIFICATE, key: CLIENT_KEY }, 200],
      ] as const) {
        const first = connect({ ...options, ...client });
        const [[session]] = await Promise.all([once(first, 'session'), exchange(first)]);
        const second = connect({ ...options, ...client, session });
        const resumed = once(second, 'secureConnect').then(() => second.isSessionReused());
        assert.match(await exchange(second), new RegExp(`^HTTP/1\\.1 ${status} `));
        assert.equal(await resumed, true);
      }
    });

  it('is what the commands use that have its configuration, with the token', async (t) => {
    writeFileSync(join(folder, 'token'), 'a-token\n');
    const tls = { cert_file: 'server.crt', key_file: 'server.key' };
    const admin = { tls: true, token_file: 'token', reload: true };
    const server = { address: '127.0.0.1:0', tls };
    const gateway = await startGateway({ storeUrl: STORE, directory: folder, server, admin: { ...admin, port: 0 } });
    t.after(() => gateway.close());
    const port = gateway.app.adminPort!;
    const probed = await run(folder, 'probe', { tls }, { ...admin, port });
    assert.deepEqual(probed, {
      code: 0,
      out: `/ready of the admin port https://127.0.0.1:${port}: 200 {"status":"ok"}\n`,
    });
    const reloaded = await run(folder, 'reload', { tls }, { ...admin, port });
    assert.match(reloaded.out, /^this gateway cannot reload its configuration\n/);
    const shown = await run(folder, 'top', { tls }, { ...admin, port });
    assert.match(shown.out, /responds with 404: .* admin\.view /);
    writeFileSync(join(folder, 'token'), 'other-token\n');
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    writeFileSync(join(folder, 'wrong'), 'wrong-token\n');
    const refused = await run(folder, 'reload', { tls }, { ...admin, port, token_file: 'wrong' });
    assert.match(refused.out, /responds with 401: .* admin\.token_file/);
    writeFileSync(join(folder, 'other.crt'), SELF_SIGNED_CERTIFICATE);
    const impostor = await run(folder, 'reload', { tls: { ...tls, cert_file: 'other.crt' } }, { ...admin, port });
    assert.match(impostor.out, /^error: no response from https:/);
  });

  async function exchange(socket: TLSSocket): Promise<string> {
    socket.write('GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    return text(socket);
  }
});
