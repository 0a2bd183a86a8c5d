import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { it } from 'node:test';
import {
  AbortMultipartUploadCommand,
  type ChecksumAlgorithm,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListPartsCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { describeWithEachStore } from '../support/each-store.ts';
import { BUCKET, STORE_BUCKET } from '../support/gateway-in-front.ts';
import { sha256 } from '../support/stored-objects.ts';

const MIB = 1024 * 1024;
const PART = 5 * MIB;

describeWithEachStore('multipart uploads by the AWS SDK', (scene) => {
  const through = (): S3Client => scene().through;
  const create = async (Key: string, more: object = {}): Promise<{ Bucket: string; Key: string; UploadId: string }> => {
    const { UploadId } = await through().send(new CreateMultipartUploadCommand({ Bucket: BUCKET, Key, ...more }));
    return { Bucket: BUCKET, Key, UploadId: UploadId! };
  };

  /** What the store calls an upload; it must be the only one of its key. */
  const storeIdOf = async ({ Key }: { Key: string }): Promise<string> => {
    const open = await scene().stored.openUploads(Key);
    assert.equal(open.length, 1);
    return open[0]!;
  };

  for (const kind of ['buffer', 'stream'] as const) {
    for (const ChecksumAlgorithm of [undefined, 'SHA256', 'CRC32C'] satisfies (ChecksumAlgorithm | undefined)[]) {
      it(`stores 20 MiB from a ${kind} in four parts, with ${ChecksumAlgorithm ?? 'the default checksum'}`, async () => {
        const bytes = randomBytes(20 * MIB);
        const Key = `multipart/${kind}-${ChecksumAlgorithm}`;
        const Body = kind === 'buffer' ? bytes : Readable.from([bytes.subarray(0, 7 * MIB), bytes.subarray(7 * MIB)]);
        const Metadata = { answer: '42' };
        const answer = await new Upload({
          client: through(),
          params: { Bucket: BUCKET, Key, Body, Metadata, ContentType: 'video/mp4', ChecksumAlgorithm },
          partSize: PART,
          queueSize: 3,
        }).done();
        const head = await scene().stored.head(Key);
        assert.equal(await scene().stored.sha256(Key), sha256(bytes));
        assert.equal(answer.ETag, head.ETag);
        assert.equal(head.ETag, `"${multipartETag(bytes)}"`);
        assert.deepEqual([head.ContentType, head.Metadata], ['video/mp4', Metadata]);
        assert.equal(answer.Bucket, BUCKET);
        assert.equal(answer.Location, `${scene().gateway.url}/${BUCKET}/${Key}`);
        assert.deepEqual(await scene().stored.openUploads(Key), []);
      });
    }
  }

  it('lists the parts that have arrived, page by page, as the store lists them', async () => {
    const upload = await create('multipart/listed');
    for (const PartNumber of [1, 2, 5])
      await through().send(new UploadPartCommand({ ...upload, PartNumber, Body: randomBytes(1000 + PartNumber) }));
    const whole = await through().send(new ListPartsCommand(upload));
    assert.deepEqual(
      whole.Parts!.map(({ PartNumber, Size }) => [PartNumber, Size]),
      [
        [1, 1001],
        [2, 1002],
        [5, 1005],
      ],
    );
    assert.deepEqual([whole.Bucket, whole.Key, whole.UploadId], [BUCKET, upload.Key, upload.UploadId]);
    const UploadId = await storeIdOf(upload);
    const direct = await scene().direct.send(new ListPartsCommand({ ...upload, UploadId, Bucket: STORE_BUCKET }));
    assert.deepEqual(whole.Parts, direct.Parts);
    const page = await through().send(new ListPartsCommand({ ...upload, MaxParts: 1, PartNumberMarker: '1' }));
    assert.deepEqual(
      [page.IsTruncated, page.Parts!.map(({ PartNumber }) => PartNumber), page.NextPartNumberMarker],
      [true, [2], '2'],
    );
    await through().send(new AbortMultipartUploadCommand(upload));
  });

  it('aborts, and nothing is left', async () => {
    const upload = await create('multipart/aborted');
    await through().send(new UploadPartCommand({ ...upload, PartNumber: 1, Body: randomBytes(100_000) }));
    const [storeUploadId, ...others] = await scene().stored.openUploads(upload.Key);
    assert.deepEqual(others, []);
    assert.notEqual(storeUploadId, upload.UploadId, 'the client has an id of its own');
    await through().send(new AbortMultipartUploadCommand(upload));
    assert.deepEqual(await scene().stored.openUploads(upload.Key), []);
    await assert.rejects(scene().stored.head(upload.Key), { name: 'NotFound' });
    await assert.rejects(through().send(new ListPartsCommand(upload)), { name: 'NoSuchUpload' });
  });

  it('leaves nothing when lib-storage gives up in the middle', async () => {
    const Key = 'multipart/given-up';
    const body = new Readable({ read() {} });
    const upload = new Upload({
      client: through(),
      params: { Bucket: BUCKET, Key, Body: body },
      partSize: PART,
      queueSize: 1,
    });
    const firstPart = new Promise<void>((resolve) => upload.once('httpUploadProgress', () => resolve()));
    const done = upload.done();
    body.push(randomBytes(PART + MIB));
    await firstPart;
    assert.equal((await scene().stored.openUploads(Key)).length, 1);
    const aborted = upload.abort();
    body.push(null);
    await assert.rejects(done, { name: 'AbortError' });
    await aborted;
    await scene().gateway.logged(
      (line) => line.operation === 'AbortMultipartUpload' && line.path === `/${BUCKET}/${Key}`,
    );
    assert.deepEqual(await scene().stored.openUploads(Key), []);
    await assert.rejects(scene().stored.head(Key), { name: 'NotFound' });
  });

  it('takes parts in any order, and one of them twice', async () => {
    const upload = await create('multipart/shuffled');
    const parts = [randomBytes(PART), randomBytes(PART), randomBytes(10)];
    const put = async (PartNumber: number, Body: Buffer) => ({
      PartNumber,
      ETag: (await through().send(new UploadPartCommand({ ...upload, PartNumber, Body }))).ETag,
    });
    const third = await put(3, parts[2]!);
    await put(1, randomBytes(PART));
    const second = await put(2, parts[1]!);
    const first = await put(1, parts[0]!);
    await through().send(
      new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts: [first, second, third] } }),
    );
    assert.equal(await scene().stored.sha256(upload.Key), sha256(Buffer.concat(parts)));
  });

  it('tells the errors of the store as the store tells them', async () => {
    const over = await create('multipart/errors');
    const storeOver = await storeIdOf(over);
    await through().send(new AbortMultipartUploadCommand(over));
    const upload = await create('multipart/errors');
    const asClient = { over, upload };
    const atStore = {
      over: { ...over, Bucket: STORE_BUCKET, UploadId: storeOver },
      upload: { ...upload, Bucket: STORE_BUCKET, UploadId: await storeIdOf(upload) },
    };
    const parts: { PartNumber: number; ETag: string | undefined }[] = [];
    for (const PartNumber of [1, 2]) {
      const { ETag } = await through().send(new UploadPartCommand({ ...upload, PartNumber, Body: randomBytes(1000) }));
      parts.push({ PartNumber, ETag });
    }
    const attempts: [what: string, (client: S3Client, names: typeof asClient) => Promise<unknown>][] = [
      [
        'the id of an upload that is over',
        (client, names) => client.send(new UploadPartCommand({ ...names.over, PartNumber: 1, Body: 'x' })),
      ],
      [
        'an ETag that no part has',
        (client, names) => {
          const Parts = [{ PartNumber: 1, ETag: '"00000000000000000000000000000000"' }];
          return client.send(new CompleteMultipartUploadCommand({ ...names.upload, MultipartUpload: { Parts } }));
        },
      ],
      [
        'a part that is too small to have another behind it',
        (client, names) =>
          client.send(new CompleteMultipartUploadCommand({ ...names.upload, MultipartUpload: { Parts: parts } })),
      ],
      [
        'parts in the wrong order',
        (client, names) => {
          const Parts = parts.toReversed();
          return client.send(new CompleteMultipartUploadCommand({ ...names.upload, MultipartUpload: { Parts } }));
        },
      ],
    ];
    for (const [what, attempt] of attempts) {
      const told = await errorOf(attempt(through(), asClient));
      assert.deepEqual(told, await errorOf(attempt(scene().direct, atStore)), what);
      assert.ok(told.status >= 400 && told.status < 500, `${what}: ${told.status}`);
    }
    await through().send(new AbortMultipartUploadCommand(upload));
    await assert.rejects(scene().stored.head(upload.Key), { name: 'NotFound' });
  });
});

/** MD5 of the parts' MD5s, and their number: what S3 gives for a multipart object. */
function multipartETag(bytes: Buffer): string {
  const hash = createHash('md5');
  let parts = 0;
  for (let at = 0; at < bytes.length; at += PART, parts++)
    hash.update(
      createHash('md5')
        .update(bytes.subarray(at, at + PART))
        .digest(),
    );
  return `${hash.digest('hex')}-${parts}`;
}

async function errorOf(attempt: Promise<unknown>): Promise<{ code: string; status: number }> {
  const error = (await attempt.then(
    () => assert.fail('it was taken'),
    (thrown) => thrown,
  )) as { name: string; $metadata: { httpStatusCode: number } };
  return { code: error.name, status: error.$metadata?.httpStatusCode };
}
