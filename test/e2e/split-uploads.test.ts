/** Objects that the gateway sends in parts: because they are large, or because nobody knew their length. Against the embedded store. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { crc32 } from 'node:zlib';
import { GetObjectCommand, ListMultipartUploadsCommand, S3Client } from '@aws-sdk/client-s3';
import type { RequestRecord } from '../../src/rehearsal/store/exchange.ts';
import { type Fault, FaultPlan, type FaultTarget } from '../../src/rehearsal/store/faults.ts';
import { type Store, startStore } from '../../src/rehearsal/store/start-store.ts';
import { formOf } from '../support/forms.ts';
import { type Answer, awsChunked, chunkedHeaders, RawClient, send } from '../support/http-client.ts';
import { CREATED } from '../support/multipart.ts';
import { answering, answerWell, RawStore, type StoreRequest } from '../support/raw-store.ts';
import { startGateway, type TestGateway } from '../support/start-gateway.ts';

const KEYS = { accessKey: 'mizuchi', secretKey: 'mizuchi-secret' };
const MIB = 1024 * 1024;
const UPLOAD = { multipart_threshold: '5MiB', part_size: '5MiB', concurrent_parts: 2, memory_limit: '32MiB' };
/** Three parts, the last of them short. */
const OBJECT = randomBytes(11 * MIB + 12_345);
const codeOf = ({ body }: Answer): string | undefined => /<Code>([^<]+)<\/Code>/.exec(body)?.[1];
const crcOf = (bytes: Buffer): string => {
  const value = Buffer.alloc(4);
  value.writeUInt32BE(crc32(bytes));
  return value.toString('base64');
};

describe('an object that the gateway splits', () => {
  const faults = new FaultPlan();
  let seen: RequestRecord[] = [];
  let directory: string;
  let store: Store;
  let gateway: TestGateway;
  let atStore: S3Client;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'mizuchi-split-'));
    const address = { host: '127.0.0.1', port: 0 };
    const onRequest = (record: RequestRecord) => void seen.push(record);
    store = await startStore({ directory, address, buckets: ['my-bucket'], faults, onRequest, ...KEYS });
    gateway = await startGateway({ storeUrl: store.url, upload: UPLOAD });
    const credentials = { accessKeyId: KEYS.accessKey, secretAccessKey: KEYS.secretKey };
    atStore = new S3Client({ endpoint: store.url, region: 'us-east-1', forcePathStyle: true, credentials });
  });
  afterEach(() => {
    faults.clear();
    seen = [];
  });
  after(async () => {
    await gateway.close();
    atStore.destroy();
    await store.close();
    await rm(directory, { recursive: true });
  });

  const put = (key: string, body: Buffer, headers: Record<string, string> = {}): Promise<Answer> =>
    send(gateway.url, 'PUT', `/uploads/${key}`, body, headers);
  const operations = (): string[] => seen.map(({ operation }) => operation ?? 'unknown');
  const stored = async (Key: string): Promise<Buffer> => {
    const { Body } = await atStore.send(new GetObjectCommand({ Bucket: 'my-bucket', Key }));
    return Buffer.from(await Body!.transformToByteArray());
  };
  const assertNothingOf = async (key: string): Promise<void> => {
    await assert.rejects(stored(key), { name: 'NoSuchKey' });
    const { Uploads = [] } = await atStore.send(new ListMultipartUploadsCommand({ Bucket: 'my-bucket' }));
    assert.deepEqual(Uploads, [], 'no parts are left behind');
  };

  it('is the object that was sent, with the ETag of its parts', async () => {
    const answer = await put('large', OBJECT, { 'content-type': 'image/png', 'x-amz-meta-a': 'b' });
    assert.equal(answer.status, 200, answer.body);
    assert.match(String(answer.headers.etag), /^"[0-9a-f]{32}-3"$/);
    assert.equal(answer.body, '');
    assert.ok((await stored('large')).equals(OBJECT));
    const { ContentType, Metadata } = await atStore.send(new GetObjectCommand({ Bucket: 'my-bucket', Key: 'large' }));
    assert.deepEqual([ContentType, Metadata], ['image/png', { a: 'b' }]);
    assert.deepEqual(operations().slice(0, 1), ['CreateMultipartUpload']);
    assert.equal(operations().filter((name) => name === 'UploadPart').length, 3);
    assert.equal(operations().filter((name) => name === 'CompleteMultipartUpload').length, 1);
  });

  for (const size of [0, 1, 70_000, 5 * MIB, 5 * MIB + 1, OBJECT.length]) {
    it(`may have ${size} bytes of undeclared length`, async () => {
      const body = OBJECT.subarray(0, size);
      const answer = await put('uncounted', body, { 'transfer-encoding': 'chunked' });
      assert.equal(answer.status, 200, answer.body);
      assert.ok((await stored('uncounted')).equals(body));
      assert.equal(operations().includes('CreateMultipartUpload'), size > 5 * MIB);
    });

    it(`may have ${size} bytes in aws-chunked framing without their number`, async () => {
      const body = OBJECT.subarray(0, size);
      const { 'x-amz-decoded-content-length': _, ...headers } = chunkedHeaders(size);
      const wire = awsChunked(body, `x-amz-checksum-crc32:${crcOf(body)}`);
      const answer = await put('framed', wire, { ...headers, 'transfer-encoding': 'chunked' });
      assert.equal(answer.status, 200, answer.body);
      assert.ok((await stored('framed')).equals(body));
      assert.equal(answer.headers['x-amz-checksum-crc32'], crcOf(body));
    });
  }

  it('may be the file of a form', async () => {
    const body = formOf({ key: 'from/a form' }, OBJECT);
    const answer = await fetch(`${gateway.url}/uploads`, { method: 'POST', body });
    assert.equal(answer.status, 204, await answer.text());
    assert.match(String(answer.headers.get('etag')), /^"[0-9a-f]{32}-3"$/);
    assert.ok((await stored('from/a form')).equals(OBJECT));
  });

  it('may be a part of a client’s upload with an undeclared length, if it fits into the memory of a part', async () => {
    const begun = await send(gateway.url, 'POST', '/uploads/by-client?uploads', '');
    const id = /<UploadId>([^<]+)</.exec(begun.body)?.[1];
    const chunked = { 'transfer-encoding': 'chunked' };
    const part = (number: number, body: Buffer): Promise<Answer> =>
      send(gateway.url, 'PUT', `/uploads/by-client?partNumber=${number}&uploadId=${id}`, body, chunked);
    const small = await part(1, OBJECT.subarray(0, 5 * MIB));
    assert.equal(small.status, 200, small.body);
    const large = await part(2, OBJECT.subarray(0, 5 * MIB + 1));
    assert.deepEqual([large.status, codeOf(large)], [411, 'MissingContentLength']);
    const list = `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${small.headers.etag}</ETag></Part></CompleteMultipartUpload>`;
    const done = await send(gateway.url, 'POST', `/uploads/by-client?uploadId=${id}`, list);
    assert.equal(done.status, 200, done.body);
    assert.ok((await stored('by-client')).equals(OBJECT.subarray(0, 5 * MIB)));
  });

  it('leaves the connection of the client usable, also if it is wrong', async () => {
    const client = await RawClient.connect(gateway.url);
    const request = (key: string, body: Buffer, header = ''): Buffer =>
      Buffer.concat([
        Buffer.from(`PUT /uploads/${key} HTTP/1.1\r\nHost: g\r\nContent-Length: ${body.length}\r\n${header}\r\n`),
        body,
      ]);
    const wrong = request('wrong', OBJECT, 'x-amz-checksum-crc32: AAAAAA==\r\n');
    for (const [status, bytes] of [
      [200, request('first', OBJECT)],
      [400, wrong],
      [200, request('small', Buffer.from('small'))],
      [200, request('last', OBJECT)],
    ] as const) {
      client.received = '';
      client.write(bytes);
      await client.until(new RegExp(`^HTTP/1.1 ${status} `));
    }
    client.destroy();
    assert.ok((await stored('last')).equals(OBJECT));
    assert.equal((await stored('small')).toString(), 'small');
    await assertNothingOf('wrong');
  });

  it('keeps the checksum that the client has sent', async () => {
    const answer = await put('summed', OBJECT, { 'x-amz-checksum-crc32': crcOf(OBJECT) });
    assert.equal(answer.status, 200, answer.body);
    assert.equal(answer.headers['x-amz-checksum-crc32'], crcOf(OBJECT));
    const sha256 = createHash('sha256').update(OBJECT).digest('base64');
    const composite = await put('summed', OBJECT, { 'x-amz-checksum-sha256': sha256 });
    assert.equal(composite.status, 200, composite.body);
    assert.match(String(composite.headers['x-amz-checksum-sha256']), /-3$/);
  });

  const wrong = Buffer.from(OBJECT);
  wrong[wrong.length - 1]! ^= 1;
  const base64 = (algorithm: string): string => createHash(algorithm).update(OBJECT).digest('base64');
  const promises: readonly (readonly [header: string, value: string, code: string])[] = [
    ['content-md5', base64('md5'), 'BadDigest'],
    ['x-amz-content-sha256', createHash('sha256').update(OBJECT).digest('hex'), 'XAmzContentSHA256Mismatch'],
    ['x-amz-checksum-crc32', crcOf(OBJECT), 'BadDigest'],
    ['x-amz-checksum-sha1', base64('sha1'), 'BadDigest'],
    ['x-amz-checksum-sha256', base64('sha256'), 'BadDigest'],
    ['x-amz-checksum-sha512', base64('sha512'), 'BadDigest'],
  ];
  for (const [header, value, code] of promises) {
    it(`is not stored if its last bit is not what ${header} promised`, async () => {
      const answer = await put('wrong', wrong, { [header]: value });
      assert.deepEqual([answer.status, codeOf(answer)], [400, code]);
      await assertNothingOf('wrong');
    });
  }

  const passing: readonly (readonly [what: string, on: Partial<FaultTarget>, fault: Fault])[] = [
    ['a part is cut off', { operation: 'UploadPart', partNumber: 2 }, { kind: 'reset', at: MIB }],
    ['the answer to a part is lost', { operation: 'UploadPart', partNumber: 1 }, { kind: 'reset', at: 'answer' }],
    [
      'a part is refused with SlowDown',
      { operation: 'UploadPart' },
      { kind: 'refuse', at: 'body', code: 'SlowDown', status: 503 },
    ],
    [
      'a part meets an error of the store',
      { operation: 'UploadPart', partNumber: 3 },
      { kind: 'refuse', at: 'head', code: 'InternalError', status: 500 },
    ],
  ];
  for (const [what, on, fault] of passing) {
    it(`arrives although ${what}, once or twice`, async () => {
      faults.add({ on, fault, times: 2 });
      const answer = await put('retried', OBJECT);
      assert.equal(answer.status, 200, answer.body);
      assert.ok((await stored('retried')).equals(OBJECT));
      assert.equal(operations().filter((name) => name === 'UploadPart').length, 5);
    });
  }

  const lasting: readonly (readonly [what: string, on: Partial<FaultTarget>, fault: Fault, status: number])[] = [
    [
      'no upload can be begun',
      { operation: 'CreateMultipartUpload' },
      { kind: 'refuse', at: 'head', code: 'InternalError', status: 500 },
      500,
    ],
    ['a part never arrives', { operation: 'UploadPart', partNumber: 3 }, { kind: 'reset', at: 'body' }, 502],
    [
      'a part is refused',
      { operation: 'UploadPart', partNumber: 2 },
      { kind: 'refuse', at: 'head', code: 'AccessDenied', status: 403 },
      502,
    ],
    [
      'the end is refused',
      { operation: 'CompleteMultipartUpload' },
      { kind: 'refuse', at: 'body', code: 'InternalError', status: 500 },
      500,
    ],
    [
      'the end is an error inside a 200',
      { operation: 'CompleteMultipartUpload' },
      { kind: 'refuse', at: 'body', code: 'InternalError', status: 200 },
      500,
    ],
  ];
  for (const [what, on, fault, status] of lasting) {
    it(`leaves nothing behind if ${what}`, async () => {
      faults.add({ on, fault });
      const answer = await put('failed', OBJECT);
      assert.equal(answer.status, status, answer.body);
      await assertNothingOf('failed');
    });
  }

  it('is there if only the response to its completion was not received: the gateway checks the store', async () => {
    faults.add({ on: { operation: 'CompleteMultipartUpload' }, fault: { kind: 'reset', at: 'answer' } });
    const answer = await put('lost', OBJECT);
    assert.equal(answer.status, 200, answer.body);
    assert.match(String(answer.headers.etag), /^"[0-9a-f]{32}-3"$/);
    assert.ok((await stored('lost')).equals(OBJECT));
    assert.deepEqual(operations().slice(-4), ['CompleteMultipartUpload', 'ListParts', 'HeadObject', 'GetObject']);
  });

  it('is completed again if the store knows nothing of it', async () => {
    faults.add({ on: { operation: 'CompleteMultipartUpload' }, fault: { kind: 'reset', at: 'body' }, times: 1 });
    const answer = await put('again', OBJECT);
    assert.equal(answer.status, 200, answer.body);
    assert.ok((await stored('again')).equals(OBJECT));
    assert.deepEqual(operations().slice(-4, -1), ['CompleteMultipartUpload', 'ListParts', 'CompleteMultipartUpload']);
  });

  it('is not confused with another object under its key, and leaves nothing behind', async () => {
    assert.equal((await put('other', Buffer.from('another'))).status, 200);
    faults.add({ on: { operation: 'CompleteMultipartUpload' }, fault: { kind: 'reset', at: 'body' } });
    const answer = await put('other', OBJECT);
    assert.deepEqual([answer.status, codeOf(answer)], [502, 'BadGateway']);
    assert.equal((await stored('other')).toString(), 'another');
    await assertNothingOf('never');
  });

  it('leaves nothing behind if the client goes away in the middle', async () => {
    const client = await RawClient.connect(gateway.url);
    client.write(`PUT /uploads/gone HTTP/1.1\r\nHost: g\r\nContent-Length: ${OBJECT.length}\r\n\r\n`);
    client.write(OBJECT.subarray(0, 8 * MIB));
    while (!operations().includes('UploadPart')) await new Promise((resolve) => setImmediate(resolve));
    client.destroy();
    while (!operations().includes('AbortMultipartUpload')) await new Promise((resolve) => setImmediate(resolve));
    for (const record of seen) await record.over;
    await assertNothingOf('gone');
  });

  it('leaves nothing behind if the client goes away while the upload is being begun', async () => {
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    faults.add({ on: { operation: 'CreateMultipartUpload' }, fault: { kind: 'hang', at: 'answer', until: gate } });
    const client = await RawClient.connect(gateway.url);
    client.write(`PUT /uploads/early HTTP/1.1\r\nHost: g\r\nContent-Length: ${OBJECT.length}\r\n\r\n`);
    client.write(OBJECT.subarray(0, 8 * MIB));
    while (!operations().includes('CreateMultipartUpload')) await new Promise((resolve) => setImmediate(resolve));
    client.destroy();
    await once(client.socket, 'close');
    open();
    while (!operations().includes('AbortMultipartUpload')) await new Promise((resolve) => setImmediate(resolve));
    for (const record of seen) await record.over;
    await assertNothingOf('early');
  });

  it('gives its memory back', async () => {
    const metrics = await send(`http://127.0.0.1:${gateway.app.metricsPort}`, 'GET', '/metrics');
    assert.match(metrics.body, /^mizuchi_part_memory_bytes 0$/m);
    assert.match(metrics.body, /^mizuchi_limit\{setting="upload.memory_limit"\} 33554432$/m);
  });

  it('shares the memory with many others, and all arrive', async () => {
    const bodies = Array.from({ length: 24 }, (_, i) => OBJECT.subarray(i * 1000, i * 1000 + 5_500_000));
    const answers = await Promise.all(
      bodies.map((body, i) => put(`many-${i}`, body, i % 2 === 0 ? {} : { 'transfer-encoding': 'chunked' })),
    );
    assert.deepEqual(
      answers.map(({ status }) => status),
      bodies.map(() => 200),
    );
    for (const [i, body] of bodies.entries()) assert.ok((await stored(`many-${i}`)).equals(body), String(i));
  });
});

describe('a store that responds with success before it has a part', () => {
  it('is not believed, and the upload is aborted', async () => {
    const store = await RawStore.start();
    const gateway = await startGateway({ storeUrl: store.url, upload: UPLOAD });
    try {
      store.behaviour = (request, response, record) => {
        if (request.method === 'PUT') return void response.writeHead(200, { etag: '"a"', 'content-length': 0 }).end();
        return answering(200, CREATED)(request, response, record);
      };
      const answer = await send(gateway.url, 'PUT', '/uploads/k', OBJECT);
      assert.deepEqual([answer.status, codeOf(answer)], [502, 'BadGateway']);
      assert.equal(store.requests.at(-1)?.method, 'DELETE');
      assert.ok(!store.requests.some(({ target, method }) => method === 'POST' && target.includes('uploadId')));
    } finally {
      await gateway.close();
      await store.close();
    }
  });
});

describe('a part that the store is still taking when the upload fails', () => {
  const numberOf = (target: string): string | null => new URL(target, 'http://s').searchParams.get('partNumber');

  it('is waited for if it was sent completely, and the upload is aborted after it', async () => {
    const store = await RawStore.start();
    // A part has to be more than the kernel's buffers take.
    const upload = { ...UPLOAD, multipart_threshold: '16MiB', part_size: '16MiB', memory_limit: '96MiB' };
    const gateway = await startGateway({ storeUrl: store.url, upload });
    try {
      const { promise: whole, resolve: isWhole } = Promise.withResolvers<ServerResponse>();
      const { promise: begun, resolve: isBegun } = Promise.withResolvers<[IncomingMessage, StoreRequest]>();
      store.behaviour = (request, response, record) => {
        const number = numberOf(record.target);
        if (number === null) return answering(200, CREATED)(request, response, record);
        if (number === '1') request.resume().once('end', () => isWhole(response));
        else isBegun([request, record]);
      };
      const client = await RawClient.connect(gateway.url);
      client.write(`PUT /uploads/k HTTP/1.1\r\nHost: g\r\nContent-Length: ${64 * MIB}\r\n\r\n`);
      client.write(Buffer.alloc(33 * MIB));
      const unanswered = await whole;
      const [request, second] = await begun;
      client.destroy();
      request.on('data', () => {
        request.pause(); // one piece each turn: the client has gone long before the last
        setImmediate(() => request.resume());
      });
      await second.over;
      assert.equal(second.complete, false, 'what has not gone is cut');
      assert.ok(!store.requests.some(({ method }) => method === 'DELETE'), 'the store has not answered yet');
      const aborted = store.next();
      unanswered.writeHead(200, { etag: '"a"', 'content-length': 0 }).end();
      assert.equal((await aborted).method, 'DELETE');
    } finally {
      await gateway.close();
      await store.close();
    }
  });

  for (const [how, status, refuses] of [
    ['if it was never answered', 502, () => false],
    ['if it was answered when it was sent again, and another one failed', 400, (number: string) => number !== '1'],
  ] as const) {
    it(`is looked for ${how}, and the upload aborted again`, async () => {
      const store = await RawStore.start();
      const gateway = await startGateway({ storeUrl: store.url, upload: { ...UPLOAD, concurrent_parts: 1 } });
      try {
        const attempts = new Map<string, number>();
        let aborted = 0;
        const missing = answering(404, '<Error><Code>NoSuchUpload</Code></Error>');
        const invalid = answering(400, '<Error><Code>InvalidArgument</Code></Error>');
        store.behaviour = (request, response, record) => {
          const number = numberOf(record.target);
          if (number !== null) {
            const attempt = (attempts.get(number) ?? 0) + 1;
            attempts.set(number, attempt);
            if (refuses(number)) return invalid(request, response, record);
            if (status === 400 && attempt > 1) return answerWell(request, response, record);
            return void request.resume().once('end', () => request.socket.resetAndDestroy());
          }
          if (record.method === 'DELETE') aborted++;
          if (record.method === 'GET' && aborted > 1) return missing(request, response, record);
          return answering(200, CREATED)(request, response, record);
        };
        const answer = await send(gateway.url, 'PUT', '/uploads/k', OBJECT);
        assert.equal(answer.status, status, answer.body);
        const methods = store.requests.map(({ method }) => method);
        assert.deepEqual(methods.slice(methods.indexOf('DELETE')), ['DELETE', 'GET', 'DELETE', 'GET']);
      } finally {
        await gateway.close();
        await store.close();
      }
    });
  }
});
