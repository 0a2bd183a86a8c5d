/** HEAD of an object: never answered, unless the bucket allows it; then judged like an upload. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { HeadObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { type Store, startStore } from '../../src/store/start-store.ts';
import { FakeEngine } from '../support/fake-engine.ts';
import { send } from '../support/http-client.ts';
import { startGateway, type TestGateway } from '../support/start-gateway.ts';

const STORE_KEYS = { accessKey: 'mizuchi', secretKey: 'mizuchi-secret' };
const KEY = { access_key: 'AKIADEVICE7', secret_key: 'the-secret-of-device-7', subject: 'device-7' };

describe('HEAD of an object', () => {
  let directory: string;
  let seen: string[] = [];
  let store: Store;
  let engine: FakeEngine;
  let gateway: TestGateway;
  let client: S3Client;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'mizuchi-head-'));
    const address = { host: '127.0.0.1', port: 0 };
    const onRequest = ({ method }: { method: string }) => void seen.push(method);
    store = await startStore({ directory, address, buckets: ['my-bucket'], onRequest, ...STORE_KEYS });
    engine = await FakeEngine.start();
    const s3 = { bucket: 'my-bucket', endpoint: store.url, access_key: 'mizuchi', secret_key: 'mizuchi-secret' };
    const auth = { sigv4: { credentials: [KEY] } };
    const authz = { opa: { url: engine.url, policy_path: 'mizuchi/allow' } };
    gateway = await startGateway({
      storeUrl: store.url,
      buckets: [
        { name: 'seen', s3, auth, authz, allow_head: true },
        { name: 'unseen', s3, auth, authz },
      ],
    });
    const credentials = { accessKeyId: KEY.access_key, secretAccessKey: KEY.secret_key };
    client = new S3Client({
      endpoint: gateway.url,
      region: 'us-east-1',
      forcePathStyle: true,
      maxAttempts: 1,
      credentials,
    });
    const object = { Key: 'k', Body: 'hello', ContentType: 'text/x-test', Metadata: { a: 'b' } };
    await client.send(new PutObjectCommand({ Bucket: 'seen', ...object }));
  });
  after(async () => {
    client.destroy();
    await gateway.close();
    await engine.close();
    await store.close();
    await rm(directory, { recursive: true });
  });
  const head = (Bucket: string, Key = 'k') => client.send(new HeadObjectCommand({ Bucket, Key }));

  it('tells what is known of it, where the bucket allows that, and asks the policy engine first', async () => {
    engine.questions.length = 0;
    const { ContentLength, ContentType, Metadata, ETag, LastModified } = await head('seen');
    assert.deepEqual([ContentLength, ContentType, Metadata], [5, 'text/x-test', { a: 'b' }]);
    assert.equal(ETag, '"5d41402abc4b2a76b9719d911017c592"');
    assert.ok(LastModified instanceof Date);
    assert.equal(engine.questions[0]?.body.input.action, 'HeadObject');
    await assert.rejects(head('seen', 'none'), { name: 'NotFound' });
  });

  it('is refused to who may not, and unknown to the store then', async () => {
    seen = [];
    engine.behaviour = (_, response) => void response.end('{"result":false}');
    await assert.rejects(head('seen'), (error: Error & { $metadata: { httpStatusCode: number } }) => {
      assert.equal(error.$metadata.httpStatusCode, 403);
      return true;
    });
    engine.behaviour = undefined;
    assert.equal((await send(gateway.url, 'HEAD', '/seen/k')).status, 403, 'a stranger');
    assert.deepEqual(seen, []);
  });

  it('finds nothing, whatever is there, where the bucket does not allow it', async () => {
    seen = [];
    await assert.rejects(head('unseen'), { name: 'NotFound' });
    assert.deepEqual(seen, []);
  });

  it('is no way to read', async () => {
    seen = [];
    for (const [method, path] of [
      ['GET', '/seen/k'],
      ['HEAD', '/seen/k?partNumber=1'],
      ['HEAD', '/seen/k?acl'],
      ['HEAD', '/seen/k?versionId=1'],
    ] as const)
      assert.ok((await send(gateway.url, method, path)).status >= 400, `${method} ${path}`);
    assert.deepEqual(seen, []);
  });
});
