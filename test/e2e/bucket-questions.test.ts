/** What stock clients ask about a bucket before they upload: answered here, to whoever may knock, and unknown to the store. */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { CreateBucketCommand, GetBucketLocationCommand, HeadBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { type Answer, RawClient, send } from '../support/http-client.ts';
import { RawStore } from '../support/raw-store.ts';
import { startGateway, type TestGateway } from '../support/start-gateway.ts';

const KEY = { access_key: 'AKIADEVICE7', secret_key: 'the-secret-of-device-7' };
const codeOf = ({ body }: Answer): string | undefined => /<Code>([^<]+)<\/Code>/.exec(body)?.[1];

describe('a request about a bucket', () => {
  let store: RawStore;
  let gateway: TestGateway;
  before(async () => {
    store = await RawStore.start();
    const s3 = { bucket: 'my-bucket', endpoint: store.url, access_key: 'mizuchi', secret_key: 'mizuchi-secret' };
    const sigv4 = { region: 'eu-central-1', credentials: [KEY] };
    gateway = await startGateway({
      storeUrl: store.url,
      buckets: [
        { name: 'open', s3 },
        { name: 'guarded', s3, auth: { sigv4 } },
        {
          name: 'tokens',
          s3,
          auth: { jwt: { algorithms: ['HS256'], secret: 'a-secret-of-at-least-thirty-two-bytes' } },
        },
      ],
    });
  });
  afterEach(() => assert.deepEqual(store.requests, [], 'the store never hears of it'));
  after(async () => {
    await gateway.close();
    await store.close();
  });
  const ask = (method: string, path: string, body?: string): Promise<Answer> => send(gateway.url, method, path, body);

  for (const path of ['/open', '/open/']) {
    it(`at ${path}: where it is, whether it is there, and may it be made`, async () => {
      const location = await ask('GET', `${path}?location`);
      assert.equal(location.status, 200);
      assert.match(location.body, /<LocationConstraint xmlns="[^"]+"><\/LocationConstraint>$/);
      const head = await ask('HEAD', path);
      assert.deepEqual([head.status, head.headers['x-amz-bucket-region'], head.body], [200, 'us-east-1', '']);
      const made = await ask('PUT', path, '');
      assert.deepEqual([made.status, codeOf(made)], [409, 'BucketAlreadyOwnedByYou']);
    });
  }

  it('succeeds for a client with a key, as the SDK reports it', async () => {
    const credentials = { accessKeyId: KEY.access_key, secretAccessKey: KEY.secret_key };
    const options = { endpoint: gateway.url, region: 'eu-central-1', forcePathStyle: true, maxAttempts: 1 };
    const client = new S3Client({ ...options, credentials });
    const Bucket = 'guarded';
    try {
      const { LocationConstraint } = await client.send(new GetBucketLocationCommand({ Bucket }));
      assert.equal(LocationConstraint, 'eu-central-1');
      assert.equal((await client.send(new HeadBucketCommand({ Bucket }))).BucketRegion, 'eu-central-1');
      await assert.rejects(client.send(new CreateBucketCommand({ Bucket })), { name: 'BucketAlreadyOwnedByYou' });
    } finally {
      client.destroy();
    }
  });

  it('lists no multipart upload, of any creator', async () => {
    const listed = await ask('GET', '/open?uploads&prefix=k&max-uploads=1');
    assert.equal(listed.status, 200);
    assert.match(
      listed.body,
      /<Bucket>open<\/Bucket>.*<IsTruncated>false<\/IsTruncated><\/ListMultipartUploadsResult>$/,
    );
    assert.doesNotMatch(listed.body, /<Upload>/);
    assert.equal((await ask('GET', '/open?uploads&versions')).status, 405);
  });

  it('fails for unauthenticated clients', async () => {
    for (const [method, path] of [
      ['GET', '/guarded?location'],
      ['HEAD', '/guarded'],
      ['PUT', '/guarded'],
      ['GET', '/guarded?uploads'],
    ] as const)
      assert.equal((await ask(method, path)).status, 403, method);
  });

  it('returns the region even if it fails, for SDKs that look for it without credentials', async () => {
    const refused = await ask('HEAD', '/guarded');
    assert.deepEqual([refused.status, refused.headers['x-amz-bucket-region']], [403, 'eu-central-1']);
    const token = await ask('HEAD', '/tokens');
    assert.deepEqual([token.status, token.headers['x-amz-bucket-region']], [401, 'us-east-1']);
    assert.ok(token.headers['www-authenticate']);
    const signed = {
      authorization:
        'AWS4-HMAC-SHA256 Credential=x/20261129/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=x',
    };
    const wrong = await send(gateway.url, 'HEAD', '/guarded', undefined, signed);
    assert.ok(wrong.status >= 400);
    assert.equal(wrong.headers['x-amz-bucket-region'], 'eu-central-1');
    assert.equal((await ask('PUT', '/guarded/k', 'x')).headers['x-amz-bucket-region'], undefined);
  });

  it('is one of these, and nothing else', async () => {
    for (const [method, path, status] of [
      ['GET', '/open', 403],
      ['GET', '/open?list-type=2', 403],
      ['GET', '/open?location&prefix=a', 405],
      ['GET', '/open?policy', 405],
      ['DELETE', '/open', 405],
      ['HEAD', '/open?acl', 405],
      ['PUT', '/open?acl', 405],
      ['PUT', '/open?policy', 405],
      ['GET', '/open/k?location', 405],
      ['GET', '/none?location', 404],
    ] as const)
      assert.equal((await ask(method, path)).status, status, `${method} ${path}`);
  });

  it('requests no body', async () => {
    const client = await RawClient.connect(gateway.url);
    client.write('PUT /open HTTP/1.1\r\nHost: g\r\nContent-Length: 1000000\r\nExpect: 100-continue\r\n\r\n');
    await client.until(/<\/Error>/);
    assert.match(client.received, /^HTTP\/1\.1 409 /);
    client.destroy();
  });
});
