/** HEAD of an object, by the setting `head` of the bucket: 403, 404, or authorized like an upload. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { HeadObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { type Store, startStore } from '../../src/rehearsal/store/start-store.ts';
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
        { name: 'seen', s3, auth, authz, head: 'allow' },
        { name: 'unseen', s3, auth, authz, head: 'pretend_missing' },
        { name: 'refused', s3, auth, authz },
        { name: 'old', s3, auth, authz, allow_head: true },
        { name: 'older', s3, auth, authz, allow_head: false },
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

  it('returns the metadata where the bucket allows that, and queries the policy engine first', async () => {
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

  it('finds nothing, whatever is there, where the bucket pretends so', async () => {
    seen = [];
    for (const bucket of ['unseen', 'older']) await assert.rejects(head(bucket), { name: 'NotFound' });
    assert.deepEqual(seen, []);
  });

  it('is 403 by default, whether or not the object exists, so that no client believes that it is missing', async () => {
    seen = [];
    for (const key of ['k', 'none'])
      await assert.rejects(head('refused', key), (error: Error & { $metadata: { httpStatusCode: number } }) => {
        assert.equal(error.$metadata.httpStatusCode, 403);
        return true;
      });
    assert.equal(gateway.log.at(-1)?.error_type, 'head_refused');
    assert.deepEqual(seen, []);
  });

  it('has an old name that still works, and the log names its replacement at the start', async () => {
    await assert.doesNotReject(head('old'));
    const warned = gateway.log.filter(({ message }) => message === 'this setting is deprecated');
    assert.deepEqual(
      warned.map(({ level, setting, instead }) => [level, setting, instead]),
      [
        ['warn', 'buckets[3].allow_head', 'head: allow'],
        ['warn', 'buckets[4].allow_head', 'head: pretend_missing'],
      ],
    );
  });

  it('passes conditions, ranges, parts and the checksum, and what the store makes of them', async () => {
    const ask = (input: object) => client.send(new HeadObjectCommand({ Bucket: 'seen', Key: 'sum', ...input }));
    const put = { Bucket: 'seen', Key: 'sum', Body: '123456789', ChecksumAlgorithm: 'CRC32' } as const;
    const { ETag } = await client.send(new PutObjectCommand(put));
    const whole = await ask({ ChecksumMode: 'ENABLED' });
    assert.deepEqual([whole.ChecksumCRC32, whole.ChecksumType], ['y/Q5Jg==', 'FULL_OBJECT']);
    assert.equal((await ask({})).ChecksumCRC32, undefined, 'who does not ask is not told');
    const ranged = await ask({ Range: 'bytes=2-4' });
    assert.deepEqual([ranged.$metadata.httpStatusCode, ranged.ContentLength], [206, 3]);
    assert.equal(ranged.ContentRange, 'bytes 2-4/9');
    assert.equal((await ask({ IfMatch: ETag })).ContentLength, 9);
    for (const [input, status] of [
      [{ IfNoneMatch: ETag }, 304],
      [{ IfMatch: '"another"' }, 412],
      [{ Range: 'bytes=9-' }, 416],
    ] as const)
      await assert.rejects(ask(input), (error: Error & { $metadata: { httpStatusCode: number } }) => {
        assert.equal(error.$metadata.httpStatusCode, status);
        return true;
      });
  });

  it('cannot be used to read', async () => {
    seen = [];
    for (const [method, path] of [
      ['GET', '/seen/k'],
      ['HEAD', '/seen/k?acl'],
      ['HEAD', '/seen/k?versionId=1'],
    ] as const)
      assert.ok((await send(gateway.url, method, path)).status >= 400, `${method} ${path}`);
    assert.deepEqual(seen, []);
  });
});
