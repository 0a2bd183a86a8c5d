/** The command `top`, on the documents of a source that the test writes. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { FAKE_HEALTH, FakeViewSource, fakeUpload } from '../support/fake-view-source.ts';
import { deadEndpoint } from '../support/faulty-server.ts';
import { CLI } from '../support/gateway-process.ts';
import { RawStore } from '../support/raw-store.ts';
import { type ServedView, serveView } from '../support/serve-view.ts';
import { startGateway } from '../support/start-gateway.ts';

async function top(...args: string[]): Promise<{ code: number; out: string; errors: string }> {
  const child = spawn(process.execPath, [CLI, 'top', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const [out, errors, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code, out, errors };
}

describe('the command top', () => {
  const source = new FakeViewSource();
  let view: ServedView;
  before(async () => {
    source.current = [fakeUpload({ key: 'a\x1b[31m\u009bb.jpg' })];
    view = await serveView(source);
  });
  after(() => view.close());

  it('prints once without escape sequences where there is no terminal', async () => {
    for (const args of [[], ['--once']]) {
      const { code, out, errors } = await top('--admin', view.url, ...args);
      assert.deepEqual([code, errors], [0, '']);
      assert.match(out, /^mizuchi-uploadr 0\.1\.0: ok, 1 in progress/);
      assert.match(out, /^uploads +a\\x1b\[31m\\x9bb\.jpg +PutObject .* client 42 s /m);
      assert.match(out, /^✗ store uploads .*ECONNREFUSED$/m);
      assert.doesNotMatch(out.replaceAll('\n', ''), /\p{C}/u);
    }
  });

  it('prints the documents as JSON', async () => {
    const { code, out } = await top('--admin', `${view.url}/`, '--json');
    assert.equal(code, 0);
    assert.deepEqual(JSON.parse(out), { uploads: await source.uploads(), health: FAKE_HEALTH });
  });

  it('draws in the alternate screen of a terminal, and restores it', async () => {
    // script (util-linux) runs it on a terminal, with the keys that the test writes.
    const command = `stty cols 132 rows 24; ${process.execPath} ${CLI} top --admin ${view.url}`;
    const child = spawn('script', ['-qec', command, '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'] });
    let out = '';
    child.stdout.on('data', (bytes) => {
      out += bytes;
    });
    const shown = async (wanted: string): Promise<void> => {
      for (const end = Date.now() + 20_000; !out.includes(wanted); await new Promise((wake) => setTimeout(wake, 20)))
        assert.ok(Date.now() < end, `${wanted} is not in ${JSON.stringify(out)}`);
    };
    await shown('sort (age)');
    child.stdin.write('s');
    await shown('sort (rate)');
    source.current = [fakeUpload({ key: 'later.bin' })];
    await shown('later.bin');
    source.error = new Error('no');
    await shown('responds with 503');
    source.error = undefined;
    child.stdin.write('q');
    const [code] = await once(child, 'close');
    assert.equal(code, 0);
    assert.ok(out.includes('\x1b[?1049h'));
    assert.ok(out.trimEnd().endsWith('\x1b[?1049l'));
  });

  it('fails with the reason if there is no view', async (t) => {
    const dead = await top('--admin', await deadEndpoint());
    assert.deepEqual([dead.code, dead.out], [1, '']);
    assert.match(dead.errors, /^error: no response from \S+ \(ECONNREFUSED\); is the gateway running\?\n$/);
    const invalid = await top('--admin', 'localhost:9090');
    assert.match(invalid.errors, /^error: --admin is not an http or https URL; /);
    const store = await RawStore.start();
    t.after(() => store.close());
    const gateway = await startGateway({ storeUrl: store.url });
    t.after(() => gateway.close());
    const off = await top('--admin', `http://127.0.0.1:${gateway.app.adminPort}`);
    assert.equal(off.code, 1);
    assert.match(off.errors, /responds with 404: .*set admin\.view to true\.$/m);
    const uploads = await top('--admin', gateway.url);
    assert.match(uploads.errors, /^error: \S+ responds with 404: is it the admin port of a gateway\?\n$/);
  });

  it('tells how to use the token of the port', async (t) => {
    const directory = await mkdtemp(join(tmpdir(), 'mizuchi-top-'));
    t.after(() => rm(directory, { recursive: true }));
    const token = join(directory, 'token');
    await writeFile(token, 'a-token-of-32-characters-or-more\n', { mode: 0o600 });
    const store = await RawStore.start();
    t.after(() => store.close());
    const gateway = await startGateway({ storeUrl: store.url, admin: { port: 0, view: true, token_file: token } });
    t.after(() => gateway.close());
    const admin = `http://127.0.0.1:${gateway.app.adminPort}`;
    const without = await top('--admin', admin);
    assert.match(
      without.errors,
      /^error: \S+ requires its token \(401\); set --token-file to the file of admin\.token_file\n$/,
    );
    const missing = await top('--admin', admin, '--token-file', join(directory, 'none'));
    assert.match(
      missing.errors,
      /^error: the token file \S+none cannot be read \(ENOENT\); check its path and its mode\n$/,
    );
    const right = await top('--admin', admin, '--token-file', token);
    assert.deepEqual([right.code, right.errors], [0, '']);
  });
});
