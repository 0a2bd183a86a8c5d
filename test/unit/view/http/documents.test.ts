import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { FAKE_HEALTH, FakeViewSource, TRACE_ID } from '../../../support/fake-view-source.ts';
import { send } from '../../../support/http-client.ts';
import { type ServedView, serveView } from '../../../support/serve-view.ts';

describe('the documents of the view', () => {
  const source = new FakeViewSource();
  const failures: string[] = [];
  let view: ServedView;
  before(async () => {
    view = await serveView(source, { failed: ({ message }) => failures.push(message) });
  });
  after(() => view.close());
  const get = (path: string, headers: Record<string, string> = {}) => send(view.url, 'GET', path, undefined, headers);

  it('are JSON, and not cached', async () => {
    for (const [path, expected] of [
      ['/api/view', source.view()],
      ['/api/uploads', await source.uploads()],
      ['/api/traces', await source.traces()],
      ['/api/health', FAKE_HEALTH],
      ['/api/config', await source.config()],
    ] as const) {
      const { status, headers, body } = await get(path);
      assert.deepEqual(
        [status, headers['content-type'], headers['cache-control']],
        [200, 'application/json', 'no-store'],
      );
      assert.deepEqual(JSON.parse(body), expected);
    }
  });

  it('have headers that keep other pages away', async () => {
    for (const path of ['/', '/api/view', '/api/none', '/health', '/metrics']) {
      const { headers } = await get(path);
      assert.equal(headers['x-content-type-options'], 'nosniff');
      assert.equal(headers['referrer-policy'], 'no-referrer');
      assert.equal(headers['cross-origin-resource-policy'], 'same-origin');
      assert.equal(headers['x-frame-options'], 'DENY');
      assert.equal(headers['access-control-allow-origin'], undefined);
    }
  });

  it('include the spans of one trace', async () => {
    assert.equal((await get(`/api/traces/${TRACE_ID}`)).body, '{"resourceSpans":[]}');
    const missing = await get(`/api/traces/${'1'.repeat(32)}`);
    assert.deepEqual([missing.status, missing.headers['content-type']], [404, 'text/plain']);
    assert.match(missing.body, /does not have the spans/);
  });

  it('are 404 on other paths', async () => {
    for (const path of ['/api', '/api/', '/api/none', '/api/traces/x', '/none', '/api/toString', '//', '/api/%2e'])
      assert.equal((await get(path)).status, 404, path);
    assert.equal((await get(`/api/traces/${TRACE_ID}/`)).status, 404);
  });

  it('are read-only', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'])
      for (const path of ['/', '/api/uploads', '/api/events']) {
        const { status, headers } = await send(view.url, method, path);
        assert.deepEqual([status, headers.allow], [405, 'GET, HEAD']);
      }
    const head = await send(view.url, 'HEAD', '/api/uploads');
    assert.deepEqual([head.status, head.body], [200, '']);
    assert.ok(Number(head.headers['content-length']) > 100);
  });

  it('are not for pages of other sites, and not under unknown host names', async () => {
    assert.equal((await get('/api/uploads', { 'sec-fetch-site': 'cross-site' })).status, 403);
    assert.equal((await get('/api/events', { 'sec-fetch-site': 'cross-site' })).status, 403);
    assert.equal((await get('/api/uploads', { 'sec-fetch-site': 'same-origin' })).status, 200);
    assert.equal((await get('/api/uploads', { host: 'rebound.attacker.example' })).status, 421);
  });

  it('are 503 without details if the source fails', async () => {
    source.error = new Error('secret detail');
    const { status, body } = await get('/api/uploads');
    source.error = undefined;
    assert.equal(status, 503);
    assert.doesNotMatch(body, /secret|at /);
    assert.deepEqual(failures, ['secret detail']);
  });
});
