/** Every spelling of a key has one signature: the canonical path is what is signed, whatever the HTTP client sends. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { presigned, type SignedRequest, signed, type ToSign } from '../support/aws-signer.ts';
import { chunksOf, seedOf, signedFrames } from '../support/chunk-signer.ts';
import { EmbeddedStore, STORE_KEYS } from '../support/embedded-store.ts';
import { type Answer, send } from '../support/http-client.ts';
import { SPELLINGS } from '../support/spellings.ts';
import { startGateway, type TestGateway } from '../support/start-gateway.ts';

const KEY = { accessKey: 'AKIADEVICE7', secretKey: 'a-secret-key-of-device-7' };

const codeOf = ({ body }: Answer): string | undefined => /<Code>([^<]+)<\/Code>/.exec(body)?.[1];

describe('spellings of a signed path', () => {
  let store: EmbeddedStore;
  let gateway: TestGateway;
  let seen: string[] = [];
  before(async () => {
    const buckets = ['real', 'below'];
    store = await EmbeddedStore.start({ buckets, onRequest: ({ target }) => void seen.push(target) });
    const bucket = (name: string, at: string, more = {}) => ({
      name,
      literal_keys: true,
      s3: { bucket: at, endpoint: store.url, access_key: STORE_KEYS.accessKey, secret_key: STORE_KEYS.secretKey },
      auth: { sigv4: { credentials: [{ access_key: KEY.accessKey, secret_key: KEY.secretKey }] } },
      ...more,
    });
    const below = bucket('below', 'below', { path_prefix: '/uploads/below' });
    gateway = await startGateway({ storeUrl: store.url, buckets: [bucket('uploads', 'real'), below] });
  });
  beforeEach(() => {
    seen = [];
  });
  after(async () => {
    await gateway.close();
    await store.close();
  });
  const base = (path: string, more: Partial<ToSign> = {}): ToSign => ({
    url: gateway.url,
    path,
    body: 'hello',
    ...KEY,
    ...more,
  });
  /** @param sent the path on the wire, where another one was signed. */
  const sendAs = ({ method, target, headers }: SignedRequest, sent: string, body: string | Buffer = 'hello') =>
    send(
      gateway.url,
      method,
      target.replace(/^[^?]*/, () => sent),
      body,
      headers,
    );

  for (const { key, canonical, spellings } of SPELLINGS) {
    for (const spelling of spellings) {
      it(`accepts ${JSON.stringify(key)} sent as ${spelling}: in headers, presigned, in chunks, in parts, and signed as sent`, async () => {
        const [path, sent] = [`/uploads/${canonical}`, `/uploads/${spelling}`];
        assert.equal((await sendAs(await signed(base(path)), sent)).status, 200);
        assert.equal((await sendAs(await presigned(base(path)), sent)).status, 200);
        assert.equal((await sendAs(await signed(base(sent)), sent)).status, 200);
        assert.equal((await sendAs(await presigned(base(sent)), sent)).status, 200);
        const headers = { 'content-encoding': 'aws-chunked', 'x-amz-decoded-content-length': '5' };
        const payloadHash = 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD';
        const head = await signed(base(path, { payloadHash, headers }));
        const frames = signedFrames(seedOf(head.headers, KEY.secretKey), chunksOf(Buffer.from('hello')));
        assert.equal((await sendAs(head, sent, Buffer.concat(frames))).status, 200);
        const begin = await signed(base(path, { method: 'POST', query: { uploads: '' }, body: '' }));
        const uploadId = /<UploadId>(.*)<\/UploadId>/.exec((await sendAs(begin, sent, '')).body)?.[1] ?? '';
        const part = await signed(base(path, { query: { partNumber: '1', uploadId } }));
        assert.equal((await sendAs(part, sent)).status, 200);
        assert.deepEqual([...new Set(seen.map((target) => target.replace(/\?.*/, '')))], [`/real/${canonical}`]);
      });
    }
  }

  it('refuses another key, and explains the canonical form', async () => {
    const answer = await sendAs(await signed(base('/uploads/a%28')), '/uploads/b(');
    assert.deepEqual([answer.status, codeOf(answer)], [403, 'SignatureDoesNotMatch']);
    assert.match(answer.body, /<CanonicalRequest>PUT\n\/uploads\/b%28\n/);
    assert.deepEqual(seen, []);
  });

  it('refuses a key that is encoded twice', async () => {
    const answer = await sendAs(await signed(base('/uploads/a%2541')), '/uploads/a%252541');
    assert.deepEqual([answer.status, codeOf(answer)], [403, 'SignatureDoesNotMatch']);
  });

  it('refuses a path that names another bucket when it is decoded', async () => {
    const moved = await sendAs(await signed(base('/uploads/below/k')), '/uploads/below%2Fk');
    assert.deepEqual([moved.status, codeOf(moved)], [400, 'InvalidURI']);
    const asSent = await sendAs(await presigned(base('/uploads/below%2Fk')), '/uploads/below%2Fk');
    assert.deepEqual([asSent.status, codeOf(asSent)], [400, 'InvalidURI']);
    assert.deepEqual(seen, []);
  });

  it('holds at the embedded store too', async () => {
    const keys = { accessKey: STORE_KEYS.accessKey, secretKey: STORE_KEYS.secretKey };
    for (const [canonical, sent] of [
      ['/real/photo%20%281%29.jpg', '/real/photo%20(1).jpg'],
      ['/real/%C3%A9', '/real/%c3%a9'],
    ] as const) {
      const toSign = { url: store.url, path: canonical, body: 'hello', ...keys };
      for (const request of [await signed(toSign), await presigned(toSign)]) {
        const target = request.target.replace(canonical, () => sent);
        const answer = await send(store.url, 'PUT', target, 'hello', request.headers);
        assert.equal(answer.status, 200, answer.body);
      }
    }
  });
});
