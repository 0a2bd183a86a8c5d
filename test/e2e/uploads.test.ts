import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { after, before, beforeEach, describe, it } from 'node:test';
import { crc32 } from 'node:zlib';
import { awsChunked, chunkedHeaders, RawClient, send } from '../support/http-client.ts';
import { answering, answerWell, RawStore } from '../support/raw-store.ts';
import { readMetrics } from '../support/read-metrics.ts';
import { until } from '../support/scenarios/requests.ts';
import { sealedId } from '../support/sealed-id.ts';
import { startGateway, type TestGateway } from '../support/start-gateway.ts';

const UPLOAD_ID = sealedId('k', 'store-upload-1');
const base64Crc32 = (bytes: Buffer): string => {
  const value = Buffer.alloc(4);
  value.writeUInt32BE(crc32(bytes));
  return value.toString('base64');
};

describe('uploads through the gateway', () => {
  let store: RawStore;
  let gateway: TestGateway;
  before(async () => {
    store = await RawStore.start();
    gateway = await startGateway({ storeUrl: store.url, s3: { answer_timeout_seconds: 1 } });
  });
  beforeEach(() => {
    store.behaviour = answerWell;
    store.requests.length = 0;
  });
  after(async () => {
    await gateway.close();
    await store.close();
  });
  const only = () => {
    assert.equal(store.requests.length, 1);
    return store.requests[0]!;
  };

  for (const size of [0, 1, 65_535, 65_536, 65_537, 1_000_000]) {
    it(`passes an object of ${size} bytes as it is`, async () => {
      const body = randomBytes(size);
      const answer = await send(gateway.url, 'PUT', '/uploads/dir/sp%20ace%2Bplus', body, {
        'content-type': 'text/x-test',
        'x-amz-meta-a': 'b',
        authorization: 'Bearer secret',
        cookie: 'c=d',
      });
      assert.equal(answer.status, 200);
      assert.equal(answer.headers.etag, '"5d41402abc4b2a76b9719d911017c592"');
      assert.equal(answer.headers['x-amz-request-id'], 'STORE0001');
      assert.equal(answer.headers['x-amz-id-2'], undefined);
      const request = only();
      assert.equal(request.method, 'PUT');
      assert.equal(request.target, '/my-bucket/dir/sp%20ace%2Bplus');
      assert.ok(request.body.equals(body));
      assert.equal(request.headers['content-length'], String(size));
      assert.equal(request.headers['transfer-encoding'], undefined);
      assert.equal(request.headers['content-type'], 'text/x-test');
      assert.equal(request.headers['x-amz-meta-a'], 'b');
      assert.match(String(request.headers.authorization), /^AWS4-HMAC-SHA256 Credential=mizuchi\//);
      assert.equal(request.headers.cookie, undefined);
      assert.equal(request.headers.traceparent, undefined);
    });
  }

  for (const size of [0, 10, 200_000, 3_000_000]) {
    it(`decodes an aws-chunked body of ${size} bytes and passes its checksum on`, async () => {
      const body = randomBytes(size);
      const wire = awsChunked(body, `x-amz-checksum-crc32:${base64Crc32(body)}`);
      const answer = await send(gateway.url, 'PUT', '/uploads/k', wire, chunkedHeaders(size));
      assert.equal(answer.status, 200, answer.body);
      const request = only();
      assert.equal(request.headers['content-length'], String(request.body.length));
      if (request.headers['x-amz-trailer'] === undefined) {
        assert.ok(request.body.equals(body));
        assert.equal(request.headers['x-amz-checksum-crc32'], base64Crc32(body));
        assert.equal(request.headers['content-encoding'], undefined);
      } else {
        assert.ok(size > 65_536);
        assert.equal(request.headers['content-encoding'], 'aws-chunked');
        assert.equal(request.headers['x-amz-decoded-content-length'], String(size));
        assert.ok(request.body.equals(awsChunked(body, `x-amz-checksum-crc32:${base64Crc32(body)}`, 1024 * 1024)));
      }
    });
  }

  it('takes aws-chunked inside Transfer-Encoding: chunked, as new SDKs send it', async () => {
    const body = randomBytes(150_000);
    const wire = awsChunked(body, `x-amz-checksum-crc32:${base64Crc32(body)}`);
    const headers = { ...chunkedHeaders(body.length), 'transfer-encoding': 'chunked' };
    assert.equal((await send(gateway.url, 'PUT', '/uploads/k', wire, headers)).status, 200);
    assert.equal(only().complete, true);
  });

  const wrong: [what: string, code: string, wire: (body: Buffer) => Buffer, declared?: (size: number) => number][] = [
    ['a flipped bit', 'BadDigest', (body) => awsChunked(flip(body), `x-amz-checksum-crc32:${base64Crc32(body)}`)],
    ['another trailer', 'MalformedTrailerError', (body) => awsChunked(body, 'x-amz-checksum-crc32c:AAAAAA==')],
    [
      'no trailer',
      'MalformedTrailerError',
      (body) => Buffer.concat([awsChunked(body, 'x').subarray(0, -5), Buffer.from('\r\n')]),
    ],
    ['bytes after the end', 'InvalidChunkSizeError', (body) => Buffer.concat([valid(body), Buffer.from('x')])],
    ['one byte less than declared', 'IncompleteBody', valid, (size) => size + 1],
    ['one byte more than declared', 'IncompleteBody', valid, (size) => size - 1],
    ['no final chunk', 'IncompleteBody', (body) => valid(body).subarray(0, -40)],
  ];
  function valid(body: Buffer): Buffer {
    return awsChunked(body, `x-amz-checksum-crc32:${base64Crc32(body)}`);
  }
  function flip(body: Buffer): Buffer {
    const copy = Buffer.from(body);
    copy[copy.length - 1]! ^= 1;
    return copy;
  }
  for (const size of [1_000, 400_000]) {
    for (const [what, code, wire, declared] of wrong) {
      it(`refuses ${size} bytes with ${what}, and the store has no object`, async () => {
        const body = randomBytes(size);
        const answer = await send(
          gateway.url,
          'PUT',
          '/uploads/k',
          wire(body),
          chunkedHeaders(declared?.(size) ?? size),
        );
        assert.equal(answer.status, 400);
        assert.match(answer.body, new RegExp(`<Code>${code}</Code>`));
        for (const request of store.requests) await request.over;
        assert.deepEqual(
          store.requests.filter(({ complete }) => complete),
          [],
        );
      });
    }
  }

  const refusedKinds: [what: string, headers: Record<string, string>, status: number, code: string][] = [
    [
      'chunks signed in a way that nobody here can verify',
      { 'x-amz-content-sha256': 'STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD' },
      400,
      'InvalidRequest',
    ],
    ['an unknown payload word', { 'x-amz-content-sha256': 'NONSENSE' }, 400, 'InvalidArgument'],
    ['aws-chunked that is not announced', { 'content-encoding': 'aws-chunked' }, 400, 'InvalidRequest'],
    ['an unknown trailer', { ...chunkedHeaders(1, 'x-amz-checksum-xxhash64') }, 400, 'InvalidRequest'],
    ['a copy source', { 'x-amz-copy-source': '/a/b' }, 403, 'AccessDenied'],
    ['a public ACL', { 'x-amz-acl': 'public-read' }, 403, 'AccessDenied'],
  ];
  for (const [what, headers, status, code] of refusedKinds) {
    it(`refuses a body with ${what} before the store receives a byte`, async () => {
      const answer = await send(gateway.url, 'PUT', '/uploads/k', 'x', headers);
      assert.equal(answer.status, status);
      assert.match(answer.body, new RegExp(`<Code>${code}</Code>`));
      assert.equal(store.requests.length, 0);
    });
  }

  it('refuses more than 5 GiB by its declared length', async () => {
    const client = await RawClient.connect(gateway.url);
    client.write(
      `PUT /uploads/k HTTP/1.1\r\nHost: g\r\nContent-Length: ${5 * 1024 ** 3 + 1}\r\nExpect: 100-continue\r\n\r\n`,
    );
    assert.match((await client.until(/<\/Error>/)).input!, /^HTTP\/1\.1 400 [\s\S]*<Code>EntityTooLarge<\/Code>/);
    client.destroy();
  });

  it('requests the body only after authorization', async () => {
    const client = await RawClient.connect(gateway.url);
    client.write('PUT /uploads/k HTTP/1.1\r\nHost: g\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n');
    await client.until(/^HTTP\/1\.1 100 Continue\r\n\r\n/);
    assert.equal(store.requests.length, 0);
    client.write('hello');
    await client.until(/HTTP\/1\.1 200 OK\r\n/);
    assert.equal(only().body.toString(), 'hello');
    client.destroy();
  });

  it('does not request the body of a refused request', async () => {
    const client = await RawClient.connect(gateway.url);
    client.write('PUT /nowhere/k HTTP/1.1\r\nHost: g\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n');
    const { input } = await client.until(/<\/Error>/);
    assert.match(input!, /^HTTP\/1\.1 404 Not Found\r\n/);
    assert.doesNotMatch(input!, /100 Continue/);
    client.destroy();
  });

  it('lets a client that is mid-body read its refusal', async () => {
    const client = await RawClient.connect(gateway.url);
    const size = 8 * 1024 * 1024;
    client.write(`PUT /nowhere/k HTTP/1.1\r\nHost: g\r\nContent-Length: ${size}\r\n\r\n`);
    for (let sent = 0; sent < size; sent += 1024 * 1024) client.write(Buffer.alloc(1024 * 1024));
    const received = await client.closed();
    assert.match(
      received,
      /^HTTP\/1\.1 404 Not Found\r\n[\s\S]*connection: close\r\n[\s\S]*<Code>NoSuchBucket<\/Code>[\s\S]*<\/Error>$/i,
    );
  });

  for (const [share, bytes] of [
    ['0 %', 0],
    ['1 %', 10_000],
    ['half', 500_000],
    ['all but one byte', 999_999],
  ] as const) {
    it(`closes the store's request at once when the client dies after ${share}`, async () => {
      gateway.log.length = 0;
      const arrived = store.next();
      const client = await RawClient.connect(gateway.url);
      client.write('PUT /uploads/k HTTP/1.1\r\nHost: g\r\nContent-Length: 1000000\r\n\r\n');
      client.write(Buffer.alloc(bytes));
      if (bytes > 0) await arrived; // the head goes to the store together with the first bytes
      client.destroy();
      await logged(gateway, ({ error_type }) => error_type === 'client_aborted');
      for (const request of store.requests) {
        await request.over;
        assert.equal(request.complete, false);
      }
    });
  }

  it('waits for the response of the store when the client disconnects after its last byte', async () => {
    gateway.log.length = 0;
    const thinking = Promise.withResolvers<ServerResponse>();
    store.behaviour = (request, response) => {
      request.resume();
      thinking.resolve(response);
    };
    const client = await RawClient.connect(gateway.url);
    client.write('PUT /uploads/k HTTP/1.1\r\nHost: g\r\nContent-Length: 5\r\n\r\nhello');
    const response = await thinking.promise;
    client.socket.resetAndDestroy();
    const metrics = `http://127.0.0.1:${gateway.app.metricsPort}/metrics`;
    await until(async () => (await readMetrics(metrics))('mizuchi_connections') === 0);
    assert.ok(!response.destroyed);
    response.end();
    await logged(gateway, ({ error_reason, outcome }) => error_reason === 'succeeded_unheard' && outcome === 'stored');
  });

  it('does not read faster from the client than the store reads', async () => {
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    store.behaviour = async (request, response, record) => {
      request.pause();
      await gate;
      await answerWell(request, response, record);
    };
    const client = await RawClient.connect(gateway.url);
    const size = 48 * 1024 * 1024; // less than would be split
    client.write(`PUT /uploads/k HTTP/1.1\r\nHost: g\r\nContent-Length: ${size}\r\n\r\n`);
    const arrived = store.next();
    const megabyte = Buffer.alloc(1024 * 1024);
    let sent = 0;
    // Writes as long as the kernel takes it; stands still when every buffer on the way is full.
    while (sent < size && client.socket.write(megabyte)) sent += megabyte.length;
    await arrived;
    await untilStill(() => client.socket.bytesWritten - client.socket.writableLength);
    const accepted = client.socket.bytesWritten - client.socket.writableLength;
    assert.ok(accepted < size / 2, `${accepted} bytes were taken from the client while the store read none`);
    open();
    for (sent += megabyte.length; sent < size; sent += megabyte.length) client.write(megabyte);
    await client.until(/^HTTP\/1\.1 200 OK\r\n/);
    assert.equal(only().body.length, size);
    client.destroy();
  });

  const storeFaults: [what: string, behaviour: RawStore['behaviour'], status: number, code: string][] = [
    [
      'resets before it answers',
      (request) => void request.once('data', () => request.socket.destroy()),
      502,
      'BadGateway',
    ],
    [
      'answers half a head',
      (request) => void request.once('data', () => request.socket.end('HTTP/1.1 200 OK\r\nETa')),
      502,
      'BadGateway',
    ],
    [
      'answers nonsense',
      (request) => void request.once('data', () => request.socket.end('SMTP ready\r\n\r\n')),
      502,
      'BadGateway',
    ],
    ['never answers', (request) => void request.resume(), 504, 'GatewayTimeout'],
    ['redirects', answering(307, '', { location: 'http://169.254.169.254/' }), 502, 'BadGateway'],
    ['refuses our signature', answering(403, '<Error><Code>SignatureDoesNotMatch</Code></Error>'), 502, 'BadGateway'],
    [
      'has no such bucket',
      answering(404, '<Error><Code>NoSuchBucket</Code><Message>gone</Message></Error>'),
      502,
      'BadGateway',
    ],
    [
      'wants less',
      answering(503, '<Error><Code>SlowDown</Code><Message>less</Message></Error>', { 'retry-after': '7' }),
      503,
      'SlowDown',
    ],
    ['fails without a word', answering(500, ''), 500, 'InternalError'],
  ];
  for (const size of [5, 500_000]) {
    for (const [what, behaviour, status, code] of storeFaults) {
      it(`returns ${status} ${code} when the store ${what} (${size} bytes)`, async () => {
        store.behaviour = behaviour;
        const answer = await send(gateway.url, 'PUT', '/uploads/k', Buffer.alloc(size));
        assert.equal(answer.status, status, answer.body);
        assert.match(answer.body, new RegExp(`<Code>${code}</Code>`));
        if (code === 'SlowDown') assert.equal(answer.headers['retry-after'], '7');
      });
    }
  }

  it('sends a small object again, once, when the store closed the pooled connection', async () => {
    await send(gateway.url, 'PUT', '/uploads/k', 'first');
    let calls = 0;
    store.behaviour = (request, response, record) => {
      if (++calls === 1) request.socket.destroy();
      else return answerWell(request, response, record);
    };
    assert.equal((await send(gateway.url, 'PUT', '/uploads/k', 'second')).status, 200);
    assert.equal(store.requests.at(-1)!.body.toString(), 'second');
    assert.equal(calls, 2);
  });

  it('takes no document that claims to come in chunks: they would not be verified', async () => {
    const document =
      '<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>a</ETag></Part></CompleteMultipartUpload>';
    const headers = { 'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD' };
    const answer = await send(gateway.url, 'POST', `/uploads/k?uploadId=${UPLOAD_ID}`, document, headers);
    assert.equal(answer.status, 400);
    assert.match(answer.body, /<Code>InvalidRequest<\/Code>/);
    assert.equal(store.requests.length, 0);
  });

  it('never sends CompleteMultipartUpload twice unless it knows that nothing has happened', async () => {
    store.behaviour = (request, response) => {
      if (request.method === 'POST') request.once('data', () => request.socket.destroy());
      else response.writeHead(500).end();
    };
    const document =
      '<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>a</ETag></Part></CompleteMultipartUpload>';
    assert.equal((await send(gateway.url, 'POST', `/uploads/k?uploadId=${UPLOAD_ID}`, document)).status, 502);
    assert.equal(store.requests.filter(({ method }) => method === 'POST').length, 1);
  });

  it('takes an error inside a 200 for what it is', async () => {
    store.behaviour = answering(
      200,
      '   <?xml version="1.0"?><Error><Code>InternalError</Code><Message>We failed</Message></Error>',
    );
    const document =
      '<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>a</ETag></Part></CompleteMultipartUpload>';
    const answer = await send(gateway.url, 'POST', `/uploads/k?uploadId=${UPLOAD_ID}`, document);
    assert.equal(answer.status, 500);
    assert.match(answer.body, /<Code>InternalError<\/Code><Message>The store failed; try again.<\/Message>/);
  });

  it('waits through white space for the response to CompleteMultipartUpload, and returns the client’s own names', async () => {
    const result =
      '<CompleteMultipartUploadResult><Location>http://inside/my-bucket/k</Location><Bucket>my-bucket</Bucket><Key>k</Key><ETag>"e-1"</ETag></CompleteMultipartUploadResult>';
    store.behaviour = async (request, response) => {
      for await (const _ of request);
      response.writeHead(200, { 'content-type': 'application/xml' });
      for (let i = 0; i < 5; i++) await new Promise((resolve) => response.write('\n', resolve));
      response.end(result);
    };
    const document =
      '<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>a</ETag></Part></CompleteMultipartUpload>';
    const answer = await send(gateway.url, 'POST', `/uploads/k?uploadId=${UPLOAD_ID}`, document);
    assert.equal(answer.status, 200);
    assert.match(answer.body, /<Bucket>uploads<\/Bucket>/);
    assert.doesNotMatch(answer.body, /my-bucket|inside/);
  });

  it('ends an upload whose client stalls', async (t) => {
    const impatient = await startGateway({ storeUrl: store.url, server: { body_idle_timeout_seconds: 1 } });
    t.after(() => impatient.close());
    const client = await RawClient.connect(impatient.url);
    const arrived = store.next();
    client.write('PUT /uploads/k HTTP/1.1\r\nHost: g\r\nContent-Length: 100000\r\n\r\nsome');
    await client.until(/^HTTP\/1\.1 408 Request Timeout\r\n[\s\S]*<Code>RequestTimeout<\/Code>/);
    const request = await arrived;
    await request.over;
    assert.equal(request.complete, false);
    client.destroy();
  });

  it('returns 503 when the store is unreachable', async (t) => {
    const gone = await RawStore.start();
    const { url } = gone;
    await gone.close();
    const lonely = await startGateway({ storeUrl: url });
    t.after(() => lonely.close());
    for (const size of [5, 500_000]) {
      const answer = await send(lonely.url, 'PUT', '/uploads/k', Buffer.alloc(size));
      assert.equal(answer.status, 503);
      assert.match(answer.body, /<Code>ServiceUnavailable<\/Code>/);
      assert.ok(answer.headers['retry-after']);
    }
  });
});

/** Resolves when a log line of this kind has been written. */
async function logged(gateway: TestGateway, matches: (line: TestGateway['log'][number]) => boolean): Promise<void> {
  while (!gateway.log.some(matches)) await new Promise((resolve) => setImmediate(resolve));
}

/** Resolves when a figure has stopped to change: nothing announces that buffers are full. */
async function untilStill(figure: () => number): Promise<void> {
  for (let last = Number.NaN, same = 0; same < 20; ) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    same = figure() === last ? same + 1 : 0;
    last = figure();
  }
}
