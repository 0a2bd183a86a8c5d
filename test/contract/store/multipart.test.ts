import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  PutObjectCommand,
  paginateListParts,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { BUCKET, s3Error, useStore } from './running-store.ts';

const MIB = 1024 * 1024;
const PART = randomBytes(5 * MIB);
const md5 = (bytes: Buffer): Buffer => createHash('md5').update(bytes).digest();
const sha256 = (bytes: Buffer): Buffer => createHash('sha256').update(bytes).digest();

describe('the store and multipart uploads', () => {
  const running = useStore();
  const create = async (Key: string, more: object = {}): Promise<string> =>
    (await running.client.send(new CreateMultipartUploadCommand({ Bucket: BUCKET, Key, ...more }))).UploadId!;
  const part = (Key: string, UploadId: string, PartNumber: number, Body: Buffer | string, more: object = {}) =>
    running.client.send(new UploadPartCommand({ Bucket: BUCKET, Key, UploadId, PartNumber, Body, ...more }));
  const complete = (Key: string, UploadId: string, Parts: CompletedPart[], more: object = {}) =>
    running.client.send(
      new CompleteMultipartUploadCommand({ Bucket: BUCKET, Key, UploadId, MultipartUpload: { Parts }, ...more }),
    );
  const assertNoUpload = async () => {
    assert.deepEqual(await readdir(join(running.directory, 'uploads')), []);
    await running.assertNothingTemporary();
  };

  for (const kind of ['bytes', 'a stream'] as const) {
    it(`takes 20 MiB of ${kind} from lib-storage`, async () => {
      const body = Buffer.concat([PART, randomBytes(15 * MIB)]);
      const Body = kind === 'bytes' ? body : Readable.from([body.subarray(0, 7 * MIB), body.subarray(7 * MIB)]);
      const params = { Bucket: BUCKET, Key: 'large', Body, ContentType: 'text/x-large', Metadata: { a: 'b' } };
      const answer = await new Upload({ client: running.client, params }).done();
      const quarters = [0, 5, 10, 15].map((at) => body.subarray(at * MIB, (at + 5) * MIB));
      assert.equal(answer.ETag, `"${md5(Buffer.concat(quarters.map(md5))).toString('hex')}-4"`);
      assert.match(answer.ChecksumCRC32 ?? '', /^[A-Za-z0-9+/]{6}==-4$/);
      assert.equal(answer.ChecksumType, 'COMPOSITE');
      assert.ok((await running.contentOf('large')).equals(body));
      const head = await running.client.send(
        new HeadObjectCommand({ Bucket: BUCKET, Key: 'large', ChecksumMode: 'ENABLED' }),
      );
      assert.equal(head.ContentLength, body.length);
      assert.equal(head.ContentType, 'text/x-large');
      assert.deepEqual(head.Metadata, { a: 'b' });
      assert.equal(head.ChecksumCRC32, answer.ChecksumCRC32);
      await assertNoUpload();
    });
  }

  // minio-go promises it without the number of parts.
  for (const [promised, count] of [
    ['as S3 writes it', '-2'],
    ['without the number of parts', ''],
  ] as const) {
    it(`makes the composite checksum of the parts, promised ${promised}`, async () => {
      const id = await create('composite', { ChecksumAlgorithm: 'SHA256' });
      const bodies = [PART, Buffer.from('the last')];
      const Parts: CompletedPart[] = [];
      for (const [i, body] of bodies.entries()) {
        const { ETag, ChecksumSHA256 } = await part('composite', id, i + 1, body, { ChecksumAlgorithm: 'SHA256' });
        assert.equal(ChecksumSHA256, sha256(body).toString('base64'));
        Parts.push({ PartNumber: i + 1, ETag, ChecksumSHA256 });
      }
      const expected = `${sha256(Buffer.concat(bodies.map(sha256))).toString('base64')}-2`;
      const wrong = { ChecksumSHA256: expected.replace(/^./, (c) => (c === 'A' ? 'B' : 'A')) };
      await assert.rejects(complete('composite', id, Parts, wrong), s3Error('BadDigest', 400));
      const promise = { ChecksumSHA256: expected.replace('-2', count), MpuObjectSize: PART.length + 8 };
      const answer = await complete('composite', id, Parts, promise);
      assert.equal(answer.ChecksumSHA256, expected);
    });
  }

  it('makes the checksum of the full object while it puts the parts together', async () => {
    const reference = await running.client.send(
      new PutObjectCommand({
        Bucket: BUCKET,
        Key: 'reference',
        Body: Buffer.concat([PART, Buffer.from('the last')]),
        ChecksumAlgorithm: 'CRC64NVME',
      }),
    );
    const id = await create('full', { ChecksumAlgorithm: 'CRC64NVME', ChecksumType: 'FULL_OBJECT' });
    const Parts: CompletedPart[] = [];
    for (const [i, body] of [PART, Buffer.from('the last')].entries()) {
      const { ETag } = await part('full', id, i + 1, body, { ChecksumAlgorithm: 'CRC64NVME' });
      Parts.push({ PartNumber: i + 1, ETag });
    }
    const answer = await complete('full', id, Parts);
    assert.equal(answer.ChecksumCRC64NVME, reference.ChecksumCRC64NVME);
    assert.equal(answer.ChecksumType, 'FULL_OBJECT');
  });

  it('refuses a part without the checksum that the upload declares, and a completion that does not name it', async () => {
    const id = await create('declared', { ChecksumAlgorithm: 'CRC32' });
    const without = running.newClient({ requestChecksumCalculation: 'WHEN_REQUIRED' });
    const input = { Bucket: BUCKET, Key: 'declared', UploadId: id, PartNumber: 1, Body: 'x' };
    await assert.rejects(without.send(new UploadPartCommand(input)), s3Error('InvalidRequest', 400));
    const other = { ...input, ChecksumAlgorithm: 'SHA1' } as const;
    await assert.rejects(running.client.send(new UploadPartCommand(other)), s3Error('InvalidRequest', 400));
    const { ETag, ChecksumCRC32 } = await part('declared', id, 1, 'x');
    assert.ok(ChecksumCRC32);
    await assert.rejects(complete('declared', id, [{ PartNumber: 1, ETag }]), s3Error('InvalidRequest', 400));
    const wrong = { PartNumber: 1, ETag, ChecksumCRC32: 'AAAAAA==' };
    await assert.rejects(complete('declared', id, [wrong]), s3Error('InvalidPart', 400));
    await complete('declared', id, [{ PartNumber: 1, ETag, ChecksumCRC32 }]);
  });

  it('refuses a body that is not a list of the parts', async () => {
    const id = await create('listed');
    const one = { PartNumber: 1, ETag: (await part('listed', id, 1, PART)).ETag };
    const small = { PartNumber: 2, ETag: (await part('listed', id, 2, 'small')).ETag };
    const three = { PartNumber: 3, ETag: (await part('listed', id, 3, 'last')).ETag };
    const refused: [CompletedPart[], string][] = [
      [[], 'MalformedXML'],
      [[small, one], 'InvalidPartOrder'],
      [[one, one], 'InvalidPartOrder'],
      [[{ PartNumber: 4, ETag: one.ETag }], 'InvalidPart'],
      [[{ PartNumber: 1, ETag: small.ETag }], 'InvalidPart'],
      [[one, small, three], 'EntityTooSmall'],
      [[{ PartNumber: 0, ETag: one.ETag }], 'InvalidArgument'],
    ];
    for (const [parts, name] of refused) await assert.rejects(complete('listed', id, parts), s3Error(name, 400));
    const wrongSize = complete('listed', id, [one, three], { MpuObjectSize: 1 });
    await assert.rejects(wrongSize, s3Error('InvalidRequest', 400));
    await running.assertAbsent('listed');
    await complete('listed', id, [one, three]);
    assert.equal((await running.contentOf('listed')).length, PART.length + 4);
    await assertNoUpload();
  });

  it('takes the last of several parts with one number, and ETags without quotes', async () => {
    const id = await create('again');
    await part('again', id, 7, 'first');
    const { ETag } = await part('again', id, 7, 'second');
    await complete('again', id, [{ PartNumber: 7, ETag: ETag!.replaceAll('"', '') }]);
    assert.equal(String(await running.contentOf('again')), 'second');
  });

  it('returns the same response to a repeated completion', async () => {
    const id = await create('twice');
    const Parts = [{ PartNumber: 1, ETag: (await part('twice', id, 1, 'x')).ETag }];
    const answers = await Promise.all([complete('twice', id, Parts), complete('twice', id, Parts)]);
    assert.equal(answers[0].ETag, answers[1].ETag);
    assert.equal((await complete('twice', id, Parts)).ETag, answers[0].ETag);
    const others = [{ PartNumber: 1, ETag: '"0123456789abcdef0123456789abcdef"' }];
    await assert.rejects(complete('twice', id, others), s3Error('NoSuchUpload', 404));
    const another = await create('twice');
    await running.client.send(new AbortMultipartUploadCommand({ Bucket: BUCKET, Key: 'twice', UploadId: another }));
    await assert.rejects(complete('twice', another, Parts), s3Error('NoSuchUpload', 404));
    await running.client.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'twice', Body: 'other' }));
    await assert.rejects(complete('twice', id, Parts), s3Error('NoSuchUpload', 404));
  });

  it('aborts, and knows nothing of the upload afterwards', async () => {
    const id = await create('aborted');
    const { ETag } = await part('aborted', id, 1, 'x');
    const abort = new AbortMultipartUploadCommand({ Bucket: BUCKET, Key: 'aborted', UploadId: id });
    await running.client.send(abort);
    await assertNoUpload();
    await assert.rejects(running.client.send(abort), s3Error('NoSuchUpload', 404));
    await assert.rejects(part('aborted', id, 2, 'x'), s3Error('NoSuchUpload', 404));
    await assert.rejects(complete('aborted', id, [{ PartNumber: 1, ETag }]), s3Error('NoSuchUpload', 404));
    const list = new ListPartsCommand({ Bucket: BUCKET, Key: 'aborted', UploadId: id });
    await assert.rejects(running.client.send(list), s3Error('NoSuchUpload', 404));
  });

  it('keeps an upload to its key', async () => {
    const id = await create('mine');
    await assert.rejects(part('yours', id, 1, 'x'), s3Error('NoSuchUpload', 404));
    for (const UploadId of ['../uploads', id.toUpperCase().replace(/^./, 'Z'), `${id}/../${id}`]) {
      await assert.rejects(part('mine', UploadId, 1, 'x'), s3Error('NoSuchUpload', 404));
    }
    for (const number of [0, 10_001]) {
      await assert.rejects(part('mine', id, number, 'x'), s3Error('InvalidArgument', 400));
    }
    await running.client.send(new AbortMultipartUploadCommand({ Bucket: BUCKET, Key: 'mine', UploadId: id }));
  });

  it('lists the parts in pages', async () => {
    const id = await create('paged');
    const numbers = [1, 2, 10, 100, 1000, 9999, 10_000];
    for (const number of numbers) await part('paged', id, number, `part ${number}`);
    for (const pageSize of [1, 3, 7, 1000]) {
      const input = { Bucket: BUCKET, Key: 'paged', UploadId: id };
      const seen: (number | undefined)[] = [];
      let pages = 0;
      for await (const page of paginateListParts({ client: running.client, pageSize }, input)) {
        pages++;
        for (const { PartNumber, Size, ETag, ChecksumCRC32 } of page.Parts ?? []) {
          seen.push(PartNumber);
          assert.equal(Size, `part ${PartNumber}`.length);
          assert.equal(ETag, `"${md5(Buffer.from(`part ${PartNumber}`)).toString('hex')}"`);
          assert.ok(ChecksumCRC32);
        }
      }
      assert.deepEqual(seen, numbers);
      assert.equal(pages, Math.ceil(numbers.length / pageSize));
    }
    await running.client.send(new AbortMultipartUploadCommand({ Bucket: BUCKET, Key: 'paged', UploadId: id }));
  });

  it('lists the uploads that are under way, in pages', async () => {
    const ids = [await create('u/a'), await create('u/a'), await create('u/b')];
    const seen: string[] = [];
    let markers: object = {};
    for (let pages = 0; pages < 3; pages++) {
      const answer = await running.client.send(
        new ListMultipartUploadsCommand({ Bucket: BUCKET, Prefix: 'u/', MaxUploads: 1, ...markers }),
      );
      seen.push(...(answer.Uploads ?? []).map(({ UploadId }) => UploadId!));
      assert.equal(answer.IsTruncated, pages < 2);
      markers = { KeyMarker: answer.NextKeyMarker, UploadIdMarker: answer.NextUploadIdMarker };
    }
    assert.deepEqual(seen.toSorted(), ids.toSorted());
    assert.equal(seen[2], ids[2]);
  });

  it('completes under a condition', async () => {
    await running.client.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'there', Body: 'x' }));
    const id = await create('there');
    const Parts = [{ PartNumber: 1, ETag: (await part('there', id, 1, 'y')).ETag }];
    await assert.rejects(complete('there', id, Parts, { IfNoneMatch: '*' }), s3Error('PreconditionFailed', 412));
    assert.equal(String(await running.contentOf('there')), 'x');
    await complete('there', id, Parts);
    assert.equal(String(await running.contentOf('there')), 'y');
  });
});
