import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { FakeViewSource } from '../../../support/fake-view-source.ts';
import { send } from '../../../support/http-client.ts';
import { type ServedView, serveView } from '../../../support/serve-view.ts';

const CODE = 'console.log("page");\n'.repeat(100);

describe('the files of the page', () => {
  let folder: string;
  let view: ServedView;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'mizuchi-page-'));
    writeFileSync(join(folder, 'index.html'), '<!doctype html>');
    writeFileSync(join(folder, 'page.js'), CODE);
    view = await serveView(new FakeViewSource(), { page: pathToFileURL(`${folder}/`) });
  });
  after(async () => {
    await view.close();
    rmSync(folder, { recursive: true });
  });
  const get = (path: string, headers: Record<string, string> = {}) => send(view.url, 'GET', path, undefined, headers);

  it('are served with their types, a policy and a tag', async () => {
    const index = await get('/');
    assert.deepEqual([index.status, index.body], [200, '<!doctype html>']);
    assert.equal(index.headers['content-type'], 'text/html; charset=utf-8');
    assert.match(index.headers['content-security-policy'] as string, /^default-src 'none'; script-src 'self'; /);
    assert.equal(index.headers['x-frame-options'], 'DENY');
    const { status, headers, body } = await get('/page.js?v=1');
    assert.deepEqual([status, headers['content-type'], body], [200, 'text/javascript; charset=utf-8', CODE]);
    const again = await get('/page.js', { 'if-none-match': `"other", W/${headers.etag}` });
    assert.deepEqual([again.status, again.body], [304, '']);
  });

  it('are compressed for clients that accept it', async () => {
    const response = await fetch(`${view.url}/page.js`, { headers: { 'accept-encoding': 'br, gzip' } });
    assert.equal(response.headers.get('content-encoding'), 'gzip');
    assert.equal(response.headers.get('vary'), 'accept-encoding');
    assert.ok(Number(response.headers.get('content-length')) < 200);
    assert.equal(await response.text(), CODE);
    assert.equal((await get('/page.js', { 'accept-encoding': 'gzip;q=0' })).headers['content-encoding'], undefined);
  });

  it('are only those of the directory', async () => {
    for (const path of ['/../package.json', '/%2e%2e/package.json', '/page', '/PAGE.JS', '/page.js/'])
      assert.equal((await get(path)).status, 404, path);
  });

  it('have a hint where the page is not built', async () => {
    const missing = await serveView(new FakeViewSource(), { page: pathToFileURL(`${folder}/none/`) });
    const { status, body } = await send(missing.url, 'GET', '/');
    await missing.close();
    assert.deepEqual([status, body], [503, 'The page is not built. Run npm run build:page.\n']);
  });
});
