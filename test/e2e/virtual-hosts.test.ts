/** Buckets in the name of the host: `BUCKET.domain/key` beside `domain/BUCKET/key`, and no way to have one judged and the other written. */
import assert from 'node:assert/strict';
import { Agent } from 'node:http';
import { after, before, beforeEach, describe, it } from 'node:test';
import { HeadBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import type { RequestRecord } from '../../src/rehearsal/store/exchange.ts';
import { EmbeddedStore, STORE_KEYS } from '../support/embedded-store.ts';
import { type Answer, send } from '../support/http-client.ts';
import { startGateway, type TestGateway } from '../support/start-gateway.ts';

const DEVICE = { accessKeyId: 'AKIADEVICE7', secretAccessKey: 'secret-of-device-7' };
const codeOf = ({ body }: Answer): string | undefined => /<Code>([^<]+)<\/Code>/.exec(body)?.[1];

describe('a host name with a bucket', () => {
  let store: EmbeddedStore;
  let seen: RequestRecord[] = [];
  let gateway: TestGateway;
  before(async () => {
    const buckets = ['open-at-store', 'guarded-at-store'];
    store = await EmbeddedStore.start({ buckets, onRequest: (record) => void seen.push(record) });
    const s3 = (bucket: string) => ({
      bucket,
      endpoint: store.url,
      access_key: STORE_KEYS.accessKey,
      secret_key: STORE_KEYS.secretKey,
    });
    const credentials = [{ access_key: DEVICE.accessKeyId, secret_key: DEVICE.secretAccessKey }];
    gateway = await startGateway({
      storeUrl: store.url,
      server: { domain: ['uploads.example.com', 'up.example'] },
      buckets: [
        { name: 'open', literal_keys: true, s3: s3('open-at-store'), cors: { allowed_origins: ['*'] } },
        { name: 'guarded', path_prefix: '/in/guarded', s3: s3('guarded-at-store'), auth: { sigv4: { credentials } } },
        { name: 'dotted.name', path_prefix: '/open/below', s3: s3('guarded-at-store') },
      ],
    });
  });
  beforeEach(() => {
    seen = [];
    gateway.log.length = 0;
  });
  after(async () => {
    await gateway.close();
    await store.close();
  });
  const put = (host: string, path: string, more: Record<string, string> = {}): Promise<Answer> =>
    send(gateway.url, 'PUT', path, 'hello', { host, ...more });
  const written = (): string[] => seen.map(({ target }) => target);

  for (const [host, path, target] of [
    ['open.uploads.example.com', '/a/b', '/open-at-store/a/b'],
    ['OPEN.Uploads.Example.COM:8080', '/a', '/open-at-store/a'],
    ['open.uploads.example.com.', '/a', '/open-at-store/a'],
    ['open.up.example', '/a', '/open-at-store/a'],
    ['open.uploads.example.com', '/open/a', '/open-at-store/open/a'],
    ['open.uploads.example.com', '/in/guarded/k', '/open-at-store/in/guarded/k'],
    ['open.uploads.example.com', '/below/k', '/open-at-store/below/k'],
    ['open.uploads.example.com', '//k', '/open-at-store//k'],
    ['open.uploads.example.com', '/health', '/open-at-store/health'],
    ['dotted.name.uploads.example.com', '/k', '/guarded-at-store/k'],
    ['uploads.example.com', '/open/k', '/open-at-store/k'],
    ['127.0.0.1', '/open/k', '/open-at-store/k'],
    ['[::1]:80', '/open/k', '/open-at-store/k'],
    ['open.elsewhere.example', '/open/k', '/open-at-store/k'],
  ] as const) {
    it(`finds ${target} at http://${host}${path}`, async () => {
      const answer = await put(host, path);
      assert.equal(answer.status, 200, answer.body);
      assert.deepEqual(written(), [target]);
    });
  }

  for (const [host, path] of [
    ['nobody.uploads.example.com', '/open/k'],
    ['.uploads.example.com', '/open/k'],
    ['open.open.uploads.example.com', '/open/k'],
    ['open-at-store.uploads.example.com', '/open/k'],
    ['%6fpen.uploads.example.com', '/open/k'],
  ] as const) {
    it(`finds nothing at http://${host}${path}`, async () => {
      const answer = await put(host, path);
      assert.deepEqual([answer.status, codeOf(answer)], [404, 'NoSuchBucket']);
      assert.deepEqual(written(), []);
    });
  }

  it('is judged as the bucket that is written, with any path', async () => {
    const refused = await put('guarded.uploads.example.com', '/open/k');
    assert.deepEqual([refused.status, codeOf(refused)], [403, 'AccessDenied']);
    assert.equal(gateway.log.at(-1)!.bucket, 'guarded');
    const forwarded = await put('guarded.uploads.example.com', '/k', {
      'x-forwarded-host': 'open.uploads.example.com',
    });
    assert.equal(forwarded.status, 403);
    assert.deepEqual(written(), []);
  });

  it('is a probe only if it is not a bucket', async () => {
    const health = (host: string) => send(gateway.url, 'GET', '/health', undefined, { host });
    assert.equal((await health('uploads.example.com')).status, 200);
    assert.equal((await health('open.uploads.example.com')).status, 405);
  });

  it('accepts bucket requests, preflights and forms for its bucket', async () => {
    const host = 'open.uploads.example.com';
    assert.equal((await send(gateway.url, 'HEAD', '/', undefined, { host })).status, 200);
    assert.match((await send(gateway.url, 'GET', '/?location', undefined, { host })).body, /<LocationConstraint/);
    const asking = { host, origin: 'https://a.example', 'access-control-request-method': 'PUT' };
    assert.equal((await send(gateway.url, 'OPTIONS', '/k', undefined, asking)).status, 204);
    assert.deepEqual(written(), []);
    const form = [
      '--b\r\nContent-Disposition: form-data; name="key"\r\n\r\nfrom a form\r\n',
      '--b\r\nContent-Disposition: form-data; name="success_action_status"\r\n\r\n201\r\n',
      '--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\nhello\r\n--b--\r\n',
    ].join('');
    const posted = await send(gateway.url, 'POST', '/', form, {
      host,
      'content-type': 'multipart/form-data; boundary=b',
    });
    assert.equal(posted.status, 201, posted.body);
    assert.match(posted.body, /<Location>http:\/\/open\.uploads\.example\.com\/from%20a%20form<\/Location>/);
  });

  it('is what the AWS SDK uploads to by itself, signed, in one piece and in parts', async () => {
    const lookup = (_: string, options: { all?: boolean }, done: (...found: unknown[]) => void): void => {
      if (options.all) done(null, [{ address: '127.0.0.1', family: 4 }]);
      else done(null, '127.0.0.1', 4);
    };
    const { port } = new URL(gateway.url);
    const client = new S3Client({
      endpoint: `http://uploads.example.com:${port}`,
      region: 'us-east-1',
      credentials: DEVICE,
      maxAttempts: 1,
      requestHandler: { httpAgent: new Agent({ lookup: lookup as never }) },
    });
    try {
      await client.send(new HeadBucketCommand({ Bucket: 'guarded' }));
      await client.send(new PutObjectCommand({ Bucket: 'guarded', Key: 'a b/ü', Body: 'hello' }));
      const Body = Buffer.alloc(6 * 1024 ** 2, 7);
      const { Location } = await new Upload({ client, params: { Bucket: 'guarded', Key: 'large', Body } }).done();
      assert.equal(Location, `http://guarded.uploads.example.com:${port}/large`);
      for (const [Key, length] of [
        ['a b/ü', 5],
        ['large', Body.length],
      ] as const) {
        const read = await store.get(Key, 'guarded-at-store');
        assert.equal((await read.Body!.transformToByteArray()).length, length);
      }
    } finally {
      client.destroy();
    }
  });
});
