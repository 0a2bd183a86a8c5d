import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Boto3, type BotoClient, type BotoResult } from '../support/boto3.ts';
import { BUCKET } from '../support/gateway-in-front.ts';
import { DEVICE, DEVICE_SUBJECT, describeIdentity, OTHER_DEVICE } from '../support/identity-scene.ts';
import { sha256 } from '../support/stored-objects.ts';
import { startTlsFront, type TlsFront } from '../support/tls-front.ts';

const MIB = 1024 * 1024;
const SMALL = randomBytes(1000);
const LARGE = randomBytes(20 * MIB);

describeIdentity('boto3 says who it is', (scene) => {
  let boto3: Boto3;
  let large: string;
  before(async () => {
    const { folder } = scene();
    boto3 = new Boto3(folder);
    large = join(folder, 'large');
    await writeFile(large, LARGE);
  });
  after(() => boto3.stop());

  const succeed = (result: BotoResult): BotoResult => {
    assert.equal(result.error, undefined, `${result.error}: ${result.message}`);
    return result;
  };
  const holds = async (key: string, bytes: Buffer): Promise<void> =>
    assert.equal(await scene().stored.sha256(key), sha256(bytes));
  const keysOf = (way: string) => (way === 'signature' ? DEVICE : scene().keysWithToken({ sub: 'anna' }));

  for (const scheme of ['http', 'https'] as const) {
    describe(`over ${scheme}`, () => {
      let front: TlsFront | undefined;
      let url: string;
      before(async () => {
        const { gateway, folder } = scene();
        if (scheme === 'https') front = await startTlsFront(gateway.url, join(folder, 'certificate.pem'));
        url = front?.url ?? gateway.url;
      });
      after(() => front?.close());

      for (const way of ['signature', 'token']) {
        it(`by its ${way}: put_object and upload_fileobj of 20 MiB`, async () => {
          const client = boto3.client(url, await keysOf(way));
          const to = (name: string) => ({ Bucket: BUCKET, Key: `${scheme}/${way}/${name}` });
          const Metadata = { colour: 'blue grey' };
          succeed(await client.call('put_object', { ...to('a+b c/ü'), Metadata }, SMALL));
          await holds(to('a+b c/ü').Key, SMALL);
          assert.deepEqual((await scene().stored.head(to('a+b c/ü').Key)).Metadata, Metadata);
          succeed(await client.call('put_object', to('empty'), Buffer.alloc(0)));
          await holds(to('empty').Key, Buffer.alloc(0));
          succeed(await client.uploadFileObject(large, to('large')));
          await holds(to('large').Key, LARGE);
          assert.match((await scene().stored.head(to('large').Key)).ETag!, /-3"$/);
        });

        it(`by its ${way}: a presigned URL and a presigned form`, async () => {
          const client = boto3.client(url, await keysOf(way));
          const to = (name: string) => ({ Bucket: BUCKET, Key: `${scheme}/${way}/${name}` });
          const put = await client.putPresigned(to('presigned'), SMALL);
          assert.equal(put.status, 200, String(put.text));
          await holds(to('presigned').Key, SMALL);
          const conditions = [['content-length-range', 1, 2000]];
          const post = await client.postPresigned({ ...to('form'), Conditions: conditions }, SMALL);
          assert.equal(post.status, 204, String(post.text));
          await holds(to('form').Key, SMALL);
        });
      }
    });
  }

  it('is refused what its URL or its form does not allow', async () => {
    const client = boto3.client(scene().gateway.url, DEVICE);
    const to = { Bucket: BUCKET, Key: 'spoilt' };
    const codeOf = ({ status, text }: BotoResult) => [status, /<Code>(.*)<\/Code>/.exec(text!)?.[1]];
    const typed = await client.putPresigned({ ...to, ContentType: 'image/png' }, SMALL, {
      'content-type': 'text/html',
    });
    assert.deepEqual(codeOf(typed), [403, 'SignatureDoesNotMatch']);
    const acl = await client.putPresigned(to, SMALL, { 'x-amz-acl': 'public-read' });
    assert.deepEqual(codeOf(acl), [403, 'AccessDenied']);
    const Conditions = [['content-length-range', 1, 999]];
    const long = await client.postPresigned({ ...to, Conditions }, SMALL);
    assert.deepEqual(codeOf(long), [400, 'EntityTooLarge']);
    const moved = await client.postPresigned(to, SMALL, { key: 'elsewhere' });
    assert.deepEqual(codeOf(moved), [403, 'AccessDenied']);
    await assert.rejects(scene().stored.head('spoilt'), { name: 'NotFound' });
    await assert.rejects(scene().stored.head('elsewhere'), { name: 'NotFound' });
  });

  it('reports why it is refused', async () => {
    const { gateway, keysWithToken } = scene();
    const refused = [
      [{ ...DEVICE, secretAccessKey: 'guessed' }, 403, 'SignatureDoesNotMatch'],
      [{ ...DEVICE, accessKeyId: 'AKIANOBODY' }, 403, 'InvalidAccessKeyId'],
      [{ ...DEVICE, sessionToken: 'unasked-for' }, 400, 'InvalidToken'],
      [await keysWithToken({ exp: 1_700_000_000 }), 401, 'ExpiredToken'],
      [await keysWithToken({ iss: 'https://elsewhere' }), 401, 'InvalidToken'],
    ] as const;
    for (const [keys, status, code] of refused) {
      const put = await boto3.client(gateway.url, keys).call('put_object', { Bucket: BUCKET, Key: 'refused' }, SMALL);
      assert.deepEqual([put.status, put.error], [status, code], String(put.message));
    }
    await assert.rejects(scene().stored.head('refused'), { name: 'NotFound' });
  });

  it('keeps to itself metadata that are not ASCII', async () => {
    const client = boto3.client(scene().gateway.url, DEVICE);
    const put = await client.call('put_object', { Bucket: BUCKET, Key: 'm', Metadata: { colour: 'größe' } }, SMALL);
    assert.equal(put.error, 'ParamValidationError');
    assert.match(put.message!, /Non ascii characters found in S3 metadata/);
  });

  it('carries an opaque upload id, which is useless to any other caller', async () => {
    const { gateway, stored, keysWithToken } = scene();
    const to = { Bucket: BUCKET, Key: 'by-hand' };
    const mine = boto3.client(gateway.url, DEVICE);
    const { UploadId } = succeed(await mine.call('create_multipart_upload', to)).answer!;
    assert.ok(!(await stored.openUploads(to.Key)).includes(String(UploadId)), 'it is not the id of the store');
    const upload = { ...to, UploadId };
    const part = { ...upload, PartNumber: 1 };
    const { ETag } = succeed(await mine.call('upload_part', part, SMALL)).answer!;
    const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
    const complete = { ...upload, MultipartUpload };
    const strangers: BotoClient[] = [
      boto3.client(gateway.url, OTHER_DEVICE),
      boto3.client(gateway.url, await keysWithToken({ sub: 'device-7' })),
    ];
    for (const stranger of strangers) {
      for (const result of [
        await stranger.call('upload_part', { ...part, PartNumber: 2 }, SMALL),
        await stranger.call('list_parts', upload),
        await stranger.call('complete_multipart_upload', complete),
        await stranger.call('abort_multipart_upload', upload),
      ])
        assert.deepEqual([result.status, result.error], [404, 'NoSuchUpload']);
    }
    const elsewhere = await mine.call('list_parts', { ...upload, Key: 'another-key' });
    assert.deepEqual([elsewhere.status, elsewhere.error], [404, 'NoSuchUpload']);
    // The same subject, proven in another way, is the same owner.
    const token = boto3.client(gateway.url, await keysWithToken({ sub: DEVICE_SUBJECT }));
    const listed = succeed(await token.call('list_parts', upload)).answer!;
    assert.equal(listed.UploadId, UploadId);
    assert.deepEqual(
      (listed.Parts as { ETag: string; Size: number }[]).map(({ ETag, Size }) => [ETag, Size]),
      [[ETag, SMALL.length]],
    );
    succeed(await token.call('complete_multipart_upload', complete));
    await holds(to.Key, SMALL);
  });
});
