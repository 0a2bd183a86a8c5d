/** Web pages of other origins (Fetch standard, "CORS protocol"): what a browser gets to see of each answer. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { type Answer, send } from '../support/http-client.ts';
import { answering, answerWell, RawStore } from '../support/raw-store.ts';
import { startGateway, type TestGateway } from '../support/start-gateway.ts';

const APP = 'https://app.example.com';
const codeOf = ({ body }: Answer): string | undefined => /<Code>([^<]+)<\/Code>/.exec(body)?.[1];

describe('a browser', () => {
  let store: RawStore;
  let gateway: TestGateway;
  before(async () => {
    store = await RawStore.start();
    const s3 = { bucket: 'my-bucket', endpoint: store.url, access_key: 'a', secret_key: 's' };
    const sigv4 = {
      region: 'us-east-1',
      credentials: [{ access_key: 'AKIADEVICE7', secret_key: 'secret-of-device-7' }],
    };
    const guarded = { auth: { sigv4 }, s3 };
    gateway = await startGateway({
      storeUrl: store.url,
      buckets: [
        { name: 'pages', s3, cors: { allowed_origins: [APP, 'https://*.tenant.example', 'http://localhost:*'] } },
        { name: 'guarded', ...guarded, cors: { allowed_origins: ['*'] } },
        {
          name: 'strict',
          s3,
          cors: {
            allowed_origins: [APP],
            allowed_methods: ['PUT'],
            allowed_headers: ['content-type', 'x-amz-*'],
            exposed_headers: ['ETag'],
            max_age_seconds: 5,
            allow_credentials: true,
          },
        },
        { name: 'closed', s3 },
      ],
    });
  });
  beforeEach(() => {
    store.requests.length = 0;
    store.behaviour = answerWell;
    gateway.log.length = 0;
  });
  after(async () => {
    await gateway.close();
    await store.close();
  });
  const put = (path: string, origin: string, more: Record<string, string> = {}): Promise<Answer> =>
    send(gateway.url, 'PUT', path, 'hello', { origin, ...more });
  const ask = (path: string, origin: string, method = 'PUT', headers?: string): Promise<Answer> =>
    send(gateway.url, 'OPTIONS', path, undefined, {
      origin,
      'access-control-request-method': method,
      ...(headers === undefined ? {} : { 'access-control-request-headers': headers }),
    });
  const allowed = ({ headers }: Answer): string | undefined => headers['access-control-allow-origin'];

  it('may send a preflight, which ends at the gateway', async () => {
    const answer = await ask(
      '/pages/a%20b?X-Amz-Signature=1&partNumber=1',
      APP,
      'PUT',
      'Content-Type, X-Amz-Meta-Name',
    );
    assert.deepEqual([answer.status, answer.body], [204, '']);
    const { headers } = answer;
    assert.equal(allowed(answer), APP);
    assert.equal(headers['access-control-allow-methods'], 'PUT, POST, GET, HEAD, DELETE');
    assert.equal(headers['access-control-allow-headers'], 'content-type, x-amz-meta-name');
    assert.equal(headers['access-control-max-age'], '3600');
    assert.equal(headers['access-control-allow-credentials'], undefined);
    assert.equal(headers.vary, 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers');
    assert.deepEqual(store.requests, []);
    const { operation, bucket, status } = gateway.log.at(-1)!;
    assert.deepEqual([operation, bucket, status], ['Preflight', 'pages', 204]);
    const { body } = await send(`http://127.0.0.1:${gateway.app.metricsPort}`, 'GET', '/metrics');
    assert.match(body, /^mizuchi_uploads_total\{bucket="pages",operation="Preflight",result="success"\} 1$/m);
  });

  it('needs no credential for a preflight, and one to upload', async () => {
    assert.equal((await ask('/guarded/k', APP)).status, 204);
    const refused = await put('/guarded/k', APP);
    assert.deepEqual([refused.status, allowed(refused)], [403, '*']);
    for (const method of ['OPTIONS', 'PROPFIND'])
      assert.equal((await send(gateway.url, method, '/guarded/k', undefined, { origin: APP })).status, 405, method);
    assert.deepEqual(store.requests, []);
  });

  for (const [what, answer] of [
    ['another origin', () => ask('/pages/k', 'https://evil.example')],
    ['an origin that only looks alike', () => ask('/pages/k', 'https://evil.example/.tenant.example')],
    ['the origin null', () => ask('/pages/k', 'null')],
    ['a method that is not allowed', () => ask('/strict/k', APP, 'DELETE')],
    ['a method that the gateway has not', () => ask('/pages/k', APP, 'PATCH')],
    ['a header that is not allowed', () => ask('/strict/k', APP, 'PUT', 'content-type,authorization')],
  ] as const) {
    it(`is refused with ${what}`, async () => {
      const refused = await answer();
      assert.deepEqual([refused.status, codeOf(refused)], [403, 'AccessForbidden']);
      assert.equal(refused.headers['access-control-allow-methods'], undefined);
      const { error_type, error_reason } = gateway.log.at(-1)!;
      assert.equal(error_type, 'cors_refused');
      assert.match(String(error_reason), /^(origin|method|header)_not_allowed$/);
    });
  }

  it('is refused if the bucket allows no pages', async () => {
    const answer = await ask('/closed/k', APP);
    assert.deepEqual([answer.status, allowed(answer), answer.headers.vary], [405, undefined, undefined]);
    assert.equal(allowed(await put('/closed/k', APP)), undefined);
  });

  for (const origin of [APP, 'https://a.tenant.example', 'https://b.c.tenant.example', 'http://localhost:3000'])
    it(`of ${origin} sees what came of its upload`, async () => {
      const answer = await put('/pages/k', origin);
      assert.deepEqual([answer.status, allowed(answer)], [200, origin]);
      assert.match(String(answer.headers['access-control-expose-headers']), /\bETag\b.*\bx-amz-request-id\b/);
      assert.equal(answer.headers['timing-allow-origin'], origin);
    });

  it('sees the credentials rule and the headers that the bucket names', async () => {
    const { headers } = await put('/strict/k', APP);
    assert.equal(headers['access-control-allow-credentials'], 'true');
    assert.equal(headers['access-control-expose-headers'], 'ETag');
    const preflight = await ask('/strict/k', APP, 'PUT', 'X-Amz-Meta-A');
    assert.deepEqual([preflight.status, preflight.headers['access-control-max-age']], [204, '5']);
  });

  it('sees each error, of whatever stage', async () => {
    for (const [code, answer] of [
      ['AccessDenied', () => put('/guarded/k', APP)],
      ['MethodNotAllowed', () => send(gateway.url, 'GET', '/pages/k', undefined, { origin: APP })],
      ['MethodNotAllowed', () => put('/pages/k?acl', APP)],
      ['BadDigest', () => put('/pages/k', APP, { 'x-amz-checksum-crc32': 'AAAAAA==' })],
      ['NoSuchUpload', () => put('/pages/k?partNumber=1&uploadId=wrong', APP)],
      [
        'SlowDown',
        () => {
          store.behaviour = answering(503, '<Error><Code>SlowDown</Code></Error>', {
            'access-control-allow-origin': 'x',
          });
          return put('/pages/k', APP);
        },
      ],
    ] as const) {
      const refused = await answer();
      assert.equal(codeOf(refused), code);
      assert.equal(allowed(refused), code === 'AccessDenied' ? '*' : APP, code);
      assert.equal(refused.headers['timing-allow-origin'], allowed(refused), code);
      assert.match(String(refused.headers.vary), /^Origin/);
    }
  });

  it('may read the trace of its request, of one that is refused, too', async (t) => {
    const s3 = { bucket: 'my-bucket', endpoint: store.url, access_key: 'a', secret_key: 's' };
    const traced = await startGateway({
      storeUrl: store.url,
      buckets: [{ name: 'pages', s3, cors: { allowed_origins: [APP] } }],
      tracing: { enabled: true, sampling: { strategy: 'never' } }, // nothing is sent, the trace has its id nevertheless
    });
    t.after(() => traced.close());
    const headers = { origin: APP, 'x-amz-checksum-crc32': 'AAAAAA==' };
    const answers = [
      await send(traced.url, 'PUT', '/pages/k', 'hello', { origin: APP }),
      await send(traced.url, 'PUT', '/pages/k', 'hello', headers),
    ];
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 400],
    );
    for (const { headers } of answers) {
      assert.match(String(headers['server-timing']), /^traceparent;desc="00-[0-9a-f]{32}-[0-9a-f]{16}-00"$/);
      const exposed = String(headers['access-control-expose-headers']).split(', ');
      assert.ok(exposed.includes('Server-Timing'), String(exposed));
      assert.equal(headers['timing-allow-origin'], APP);
    }
    const { headers: shown } = await send(traced.url, 'PUT', '/pages/k', 'hello', { origin: 'https://evil.example' });
    assert.deepEqual([shown['access-control-expose-headers'], shown['timing-allow-origin']], [undefined, undefined]);
  });

  it('of another origin uploads like any client, and is shown nothing', async () => {
    const answer = await put('/pages/k', 'https://evil.example');
    assert.deepEqual([answer.status, allowed(answer)], [200, undefined]);
    assert.match(String(answer.headers.vary), /^Origin/);
  });

  it('sends forms, and reads their responses', async () => {
    const form = new FormData();
    form.set('key', 'from a page');
    form.set('success_action_status', '201');
    form.set('file', new Blob(['hello']));
    const answer = await fetch(`${gateway.url}/pages`, { method: 'POST', body: form, headers: { origin: APP } });
    assert.equal(answer.status, 201, await answer.text());
    assert.equal(answer.headers.get('access-control-allow-origin'), APP);
    assert.equal((await ask('/pages', APP, 'POST', 'content-type')).status, 204);
  });
});
