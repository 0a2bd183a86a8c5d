/** Which headers of objects a bucket leaves to its clients, and which it decides itself. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { type Answer, send } from '../support/http-client.ts';
import { answerWell, RawStore } from '../support/raw-store.ts';
import { startGateway, type TestGateway } from '../support/start-gateway.ts';

const codeOf = ({ body }: Answer): string | undefined => /<Code>([^<]+)<\/Code>/.exec(body)?.[1];
const MIB = 1024 ** 2;

describe('the headers of objects', () => {
  let store: RawStore;
  let gateway: TestGateway;
  before(async () => {
    store = await RawStore.start();
    const s3 = { bucket: 'my-bucket', endpoint: store.url, access_key: 'a', secret_key: 's' };
    const headers = {
      refuse: ['x-amz-tagging', 'x-amz-server-side-encryption-customer-algorithm'],
      allow: ['x-amz-acl', 'x-amz-object-lock-mode'],
      set: { 'X-Amz-Server-Side-Encryption': 'aws:kms', 'x-amz-storage-class': 'STANDARD_IA' },
    };
    gateway = await startGateway({
      storeUrl: store.url,
      upload: { multipart_threshold: '5MiB', part_size: '5MiB' },
      buckets: [
        { name: 'ruled', headers, s3 },
        { name: 'plain', s3 },
      ],
    });
  });
  beforeEach(() => {
    store.requests.length = 0;
    store.behaviour = (request, response, record) => {
      if (request.method !== 'POST') return answerWell(request, response, record);
      const document = '<R><UploadId>u</UploadId><ETag>"e-1"</ETag></R>';
      request.resume().once('end', () => response.writeHead(200).end(document));
    };
  });
  after(async () => {
    await gateway.close();
    await store.close();
  });
  const put = (path: string, headers: Record<string, string>, body: string | Buffer = 'x'): Promise<Answer> =>
    send(gateway.url, 'PUT', path, body, headers);
  const stored = (): (string | string[] | undefined)[] =>
    ['x-amz-server-side-encryption', 'x-amz-storage-class'].map((name) => store.requests[0]?.headers[name]);

  it('are set by the bucket for every way of storing an object', async () => {
    for (const [how, answer] of [
      ['whole', () => put('/ruled/k', {})],
      ['streamed', () => put('/ruled/k', {}, Buffer.alloc(MIB))],
      ['split', () => put('/ruled/k', {}, Buffer.alloc(6 * MIB))],
      ['undeclared', () => put('/ruled/k', { 'transfer-encoding': 'chunked' })],
      ['multipart', () => send(gateway.url, 'POST', '/ruled/k?uploads', '')],
    ] as const) {
      store.requests.length = 0;
      await answer();
      assert.deepEqual(stored(), ['aws:kms', 'STANDARD_IA'], how);
    }
    store.requests.length = 0;
    assert.equal((await put('/plain/k', {})).status, 200);
    assert.deepEqual(stored(), [undefined, undefined]);
  });

  it('may be requested as the bucket sets them, and not otherwise', async () => {
    assert.equal((await put('/ruled/k', { 'x-amz-storage-class': 'STANDARD_IA' })).status, 200);
    const other = await put('/ruled/k', { 'x-amz-storage-class': 'GLACIER' });
    assert.deepEqual([other.status, codeOf(other)], [403, 'AccessDenied']);
    assert.equal(gateway.log.at(-1)!.error_reason, 'header_refused');
    assert.equal(store.requests.length, 1);
  });

  it('are refused if the bucket is configured so, and offered elsewhere', async () => {
    for (const name of ['x-amz-tagging', 'x-amz-server-side-encryption-customer-algorithm']) {
      const answer = await put('/ruled/k', { [name]: 'AES256' });
      assert.deepEqual([answer.status, codeOf(answer)], [403, 'AccessDenied'], name);
    }
    assert.equal(store.requests.length, 0);
    assert.equal((await put('/plain/k', { 'x-amz-tagging': 'a=b' })).status, 200);
    assert.equal(store.requests[0]!.headers['x-amz-tagging'], 'a=b');
  });

  it('reach further only where the bucket allows it', async () => {
    const reaching = { 'x-amz-acl': 'public-read', 'x-amz-object-lock-mode': 'GOVERNANCE' };
    assert.equal((await put('/ruled/k', reaching)).status, 200);
    const { headers } = store.requests[0]!;
    assert.deepEqual([headers['x-amz-acl'], headers['x-amz-object-lock-mode']], ['public-read', 'GOVERNANCE']);
    assert.equal((await put('/ruled/k', { 'x-amz-object-lock-legal-hold': 'ON' })).status, 403);
    assert.equal((await put('/plain/k', { 'x-amz-acl': 'public-read' })).status, 403);
    assert.equal((await put('/plain/k', { 'x-amz-object-lock-mode': 'GOVERNANCE' })).status, 403);
    assert.equal(store.requests.length, 1);
  });
});
