import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { RawClient, send } from '../support/http-client.ts';
import { RawStore } from '../support/raw-store.ts';
import { startGateway, type TestGateway } from '../support/start-gateway.ts';

/** What node:http lets through, and what two parsers in a row could read differently: 400, and the connection closes. */
const HOSTILE: [what: string, request: string][] = [
  ['two Host headers', 'PUT /uploads/k HTTP/1.1\r\nHost: a\r\nHost: b\r\nContent-Length: 1\r\n\r\nx'],
  ['no Host header', 'PUT /uploads/k HTTP/1.1\r\nContent-Length: 1\r\n\r\nx'],
  [
    'two Authorization headers',
    'PUT /uploads/k HTTP/1.1\r\nHost: a\r\nAuthorization: a\r\nauthorization: b\r\nContent-Length: 1\r\n\r\nx',
  ],
  [
    'two Content-Length headers',
    'PUT /uploads/k HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxy',
  ],
  [
    'a repeated x-amz header',
    'PUT /uploads/k HTTP/1.1\r\nHost: a\r\nx-amz-meta-a: 1\r\nX-Amz-Meta-A: 2\r\nContent-Length: 1\r\n\r\nx',
  ],
  [
    'Content-Length beside Transfer-Encoding',
    'PUT /uploads/k HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  ],
  [
    'Transfer-Encoding: gzip, chunked',
    'PUT /uploads/k HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
  ],
  ['Transfer-Encoding: xchunked', 'PUT /uploads/k HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n'],
  [
    'Transfer-Encoding in HTTP/1.0',
    'PUT /uploads/k HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  ],
  ['a folded header', 'PUT /uploads/k HTTP/1.1\r\nHost: a\r\nX-A: 1\r\n 2\r\nContent-Length: 1\r\n\r\nx'],
  ['a NUL in a header', 'PUT /uploads/k HTTP/1.1\r\nHost: a\r\nX-A: \0\r\nContent-Length: 1\r\n\r\nx'],
  ['an absolute target of another host', 'PUT http://b/uploads/k HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx'],
  ['an absolute target of another port', 'PUT http://a:1/uploads/k HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx'],
  ['an absolute target with a userinfo', 'PUT http://u@a/uploads/k HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx'],
  [
    'an absolute target and a Host with a userinfo',
    'PUT http://u@a/uploads/k HTTP/1.1\r\nHost: u@a\r\nContent-Length: 1\r\n\r\nx',
  ],
  ['an absolute target of another scheme', 'PUT ftp://a/uploads/k HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx'],
  ['an absolute target without a host', 'PUT http:///uploads/k HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx'],
  ['an absolute target and no Host', 'PUT http://a/uploads/k HTTP/1.1\r\nContent-Length: 1\r\n\r\nx'],
  ['the authority form', 'PUT a:80 HTTP/1.1\r\nHost: a:80\r\nContent-Length: 1\r\n\r\nx'],
  [
    'an absolute target and two Host headers',
    'PUT http://a/uploads/k HTTP/1.1\r\nHost: a\r\nHost: a\r\nContent-Length: 1\r\n\r\nx',
  ],
  ['the target *', 'OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['a fragment in the target', 'PUT /uploads/k#x HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx'],
  ['a backslash in the target', 'PUT /uploads\\k HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx'],
  ['HTTP/0.9', 'GET /uploads/k\r\n\r\n'],
  ['HTTP/2 in clear', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['a TLS hello', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
  [
    'metadata that Connection calls its own',
    'PUT /uploads/k HTTP/1.1\r\nHost: a\r\nConnection: X-Amz-Meta-A\r\nx-amz-meta-a: 1\r\nContent-Length: 1\r\n\r\nx',
  ],
  ['a wrong chunk size', 'PUT /uploads/k HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'],
];

describe('hostile requests', () => {
  let store: RawStore;
  let gateway: TestGateway;
  before(async () => {
    store = await RawStore.start();
    gateway = await startGateway({ storeUrl: store.url });
  });
  after(async () => {
    await gateway.close();
    await store.close();
  });

  for (const [what, request] of HOSTILE) {
    it(`${what}: refused, closed, logged, and unknown to the store`, async () => {
      gateway.log.length = 0;
      const client = await RawClient.connect(gateway.url);
      client.write(Buffer.from(request, 'latin1'));
      assert.match(await client.closed(), /^HTTP\/1\.1 4\d\d [\s\S]*<Error><Code>[\s\S]*<\/Error>$/);
      assert.equal(store.requests.length, 0);
      assert.equal(gateway.log.length, 1);
      assert.ok(gateway.log[0]!.error_type);
    });
  }

  it('responds with 431 to headers that are too long', async () => {
    const client = await RawClient.connect(gateway.url);
    client.write(`PUT /uploads/k HTTP/1.1\r\nHost: a\r\nX-A: ${'a'.repeat(20_000)}\r\n\r\n`);
    assert.match(await client.closed(), /^HTTP\/1\.1 431 [\s\S]*<Code>RequestHeaderSectionTooLarge<\/Code>/);
  });

  it('responds to a body that breaks HTTP in the middle of it', async () => {
    const client = await RawClient.connect(gateway.url);
    const head = 'PUT /uploads/k HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n';
    const coded = 'x-amz-content-sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER\r\nx-amz-trailer: x-amz-checksum-crc32\r\n';
    client.write(`${head}${coded}x-amz-decoded-content-length: 100000\r\nExpect: 100-continue\r\n\r\n`);
    await client.until(/100 Continue\r\n\r\n/);
    client.write('5\r\nhello\r\nnonsense\r\n');
    const received = await client.closed();
    assert.match(received, /\r\n\r\nHTTP\/1\.1 400 Bad Request\r\n[\s\S]*<Code>InvalidRequest<\/Code>/);
    assert.equal(received.match(/HTTP\/1\.1 [45]/g)?.length, 1);
    assert.deepEqual(
      store.requests.filter(({ complete }) => complete),
      [],
    );
  });

  it('logs no password and no signature of an invalid target', async () => {
    gateway.log.length = 0;
    const targets = [
      'http://user:the-password@a/uploads/k',
      '//user:the-password@a/uploads/k',
      '/uploads/k%3FX-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=the-signature',
    ];
    for (const target of targets) {
      const client = await RawClient.connect(gateway.url);
      client.write(`PUT ${target} HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx`);
      await client.closed();
    }
    assert.deepEqual(
      gateway.log.map(({ path }) => path),
      [
        '/uploads/k',
        '//REDACTED@a/uploads/k',
        '/uploads/k%3FX-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=REDACTED',
      ],
    );
    assert.ok(!JSON.stringify(gateway.log).includes('the-'));
  });

  it('is not a proxy', async () => {
    const client = await RawClient.connect(gateway.url);
    client.write('CONNECT 169.254.169.254:80 HTTP/1.1\r\nHost: 169.254.169.254:80\r\n\r\n');
    assert.match(await client.closed(), /^HTTP\/1\.1 405 [\s\S]*<Code>MethodNotAllowed<\/Code>/);
  });

  it('gives every response a request ID, and every error a unique one', async () => {
    const ids = new Set<unknown>();
    for (let i = 0; i < 20; i++) {
      const { headers, body } = await send(gateway.url, 'GET', '/uploads/k');
      assert.match(String(headers['x-amz-request-id']), /^[0-9A-F]{16}$/);
      assert.match(body, new RegExp(`<RequestId>${headers['x-amz-request-id']}</RequestId>`));
      ids.add(headers['x-amz-request-id']);
    }
    assert.equal(ids.size, 20);
  });

  it('responds to probes', async () => {
    assert.deepEqual(await send(gateway.url, 'GET', '/health').then(({ status, body }) => [status, body]), [
      200,
      '{"status":"ok"}\n',
    ]);
    assert.equal((await send(gateway.url, 'GET', '/ready')).status, 200);
    assert.equal((await send(gateway.url, 'PUT', '/health', 'x')).status, 404);
  });

  it('escapes what a client can put into an error', async () => {
    const { body } = await send(gateway.url, 'GET', '/%3Cscript%3E?<b>&"');
    assert.doesNotMatch(body, /<script>|<b>/);
  });

  it('passes metadata bytes as they are, and no line break into a header', async () => {
    const client = await RawClient.connect(gateway.url);
    const arrived = store.next();
    client.write(
      Buffer.from(
        'PUT /uploads/k HTTP/1.1\r\nHost: a\r\nx-amz-meta-a: h\xc3\xa9llo \x80\r\nContent-Length: 1\r\n\r\nx',
        'latin1',
      ),
    );
    assert.equal((await arrived).headers['x-amz-meta-a'], 'h\xc3\xa9llo \x80');
    await client.until(/200 OK/);
    client.destroy();
  });
});
