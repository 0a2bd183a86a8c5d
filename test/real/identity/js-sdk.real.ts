import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { afterEach, it } from 'node:test';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListPartsCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { createPresignedPost } from '@aws-sdk/s3-presigned-post';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { DEVICE, describeIdentity, OTHER_DEVICE, sdkClient } from '../support/identity-scene.ts';
import type { Keys } from '../support/keys.ts';
import { sha256 } from '../support/stored-objects.ts';

const Bucket = 'uploads';
const BYTES = randomBytes(200_000);
const LARGE = randomBytes(12 * 1024 * 1024);

describeIdentity('the AWS SDK for JavaScript says who it is', (scene) => {
  const clients: S3Client[] = [];
  const as = (keys: Keys): S3Client => {
    const client = sdkClient(scene().gateway.url, keys);
    clients.push(client);
    return client;
  };
  afterEach(() => {
    for (const client of clients.splice(0)) client.destroy();
  });
  const holds = async (key: string, bytes: Buffer): Promise<void> =>
    assert.equal(await scene().stored.sha256(key), sha256(bytes));

  for (const [name, keys] of [
    ['signature', async () => DEVICE],
    ['token', () => scene().keysWithToken({ sub: 'anna' })],
  ] as const) {
    it(`by its ${name}: a buffer, a stream, an upload in parts`, async () => {
      const client = as(await keys());
      await client.send(new PutObjectCommand({ Bucket, Key: `${name}/buffer`, Body: BYTES, Metadata: { a: 'b' } }));
      await holds(`${name}/buffer`, BYTES);
      const stream = Readable.from([BYTES.subarray(0, 70_000), BYTES.subarray(70_000)]);
      const ContentLength = BYTES.length;
      await client.send(new PutObjectCommand({ Bucket, Key: `${name}/stream`, Body: stream, ContentLength }));
      await holds(`${name}/stream`, BYTES);
      await new Upload({ client, params: { Bucket, Key: `${name}/parts`, Body: LARGE } }).done();
      await holds(`${name}/parts`, LARGE);
    });

    it(`by its ${name}, in a URL for another client`, async () => {
      const url = await getSignedUrl(as(await keys()), new PutObjectCommand({ Bucket, Key: `${name}/url` }));
      const answer = await fetch(url, { method: 'PUT', body: BYTES });
      assert.equal(answer.status, 200, await answer.text());
      await holds(`${name}/url`, BYTES);
      const elsewhere = await fetch(url.replace(`${name}/url`, `${name}/other`), { method: 'PUT', body: BYTES });
      assert.equal(elsewhere.status, 403);
    });

    it(`by its ${name}, in a form for a browser`, async () => {
      const client = as(await keys());
      const Conditions = [{ bucket: Bucket }, ['content-length-range', 1, 200_000] as const];
      const { url, fields } = await createPresignedPost(client, {
        Bucket,
        Key: `${name}/form-\${filename}`,
        Conditions: [...Conditions] as never,
      });
      const post = (bytes: Buffer): Promise<Response> => {
        const form = new FormData();
        for (const [field, value] of Object.entries(fields)) form.set(field, value);
        form.set('file', new Blob([Uint8Array.from(bytes)]), 'a b.bin');
        return fetch(url, { method: 'POST', body: form });
      };
      const answer = await post(BYTES);
      assert.equal(answer.status, 204, await answer.text());
      await holds(`${name}/form-a b.bin`, BYTES);
      const large = await post(randomBytes(200_001));
      assert.deepEqual([large.status, /<Code>(\w+)/.exec(await large.text())?.[1]], [400, 'EntityTooLarge']);
    });
  }

  it('is refused with S3’s codes, and stores nothing', async () => {
    const refused: readonly (readonly [keys: Keys, name: string])[] = [
      [{ ...DEVICE, secretAccessKey: 'guessed' }, 'SignatureDoesNotMatch'],
      [{ ...DEVICE, accessKeyId: 'AKIANOBODY' }, 'InvalidAccessKeyId'],
      [await scene().keysWithToken({ exp: 1_700_000_000 }), 'ExpiredToken'],
      [await scene().keysWithToken({ aud: 'downloads' }), 'InvalidToken'],
    ];
    for (const [keys, name] of refused)
      await assert.rejects(as(keys).send(new PutObjectCommand({ Bucket, Key: 'refused', Body: 'x' })), { name });
    await assert.rejects(scene().stored.head('refused'), { name: 'NotFound' });
  });

  it('owns its multipart upload: another subject cannot see, complete or abort it', async () => {
    const [mine, others] = [as(DEVICE), as(OTHER_DEVICE)];
    const target = { Bucket, Key: 'owned' };
    const { UploadId } = await mine.send(new CreateMultipartUploadCommand(target));
    const upload = { ...target, UploadId };
    const { ETag } = await mine.send(new UploadPartCommand({ ...upload, PartNumber: 1, Body: BYTES }));
    const complete = { ...upload, MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] } };
    for (const attempt of [
      () => others.send(new ListPartsCommand(upload)),
      () => others.send(new UploadPartCommand({ ...upload, PartNumber: 1, Body: 'x' })),
      () => others.send(new CompleteMultipartUploadCommand(complete)),
      () => others.send(new AbortMultipartUploadCommand(upload)),
    ])
      await assert.rejects(attempt, { name: 'NoSuchUpload' });
    await mine.send(new CompleteMultipartUploadCommand(complete));
    await holds('owned', BYTES);
  });
});
