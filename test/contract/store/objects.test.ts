import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import { crc32 } from 'node:zlib';
import {
  ChecksumAlgorithm,
  CreateBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  paginateListObjectsV2,
} from '@aws-sdk/client-s3';
import { BUCKET, s3Error, useStore } from './running-store.ts';

const md5 = (bytes: Buffer): string => createHash('md5').update(bytes).digest('hex');
const base64Crc32 = (bytes: Buffer): string => {
  const value = Buffer.alloc(4);
  value.writeUInt32BE(crc32(bytes));
  return value.toString('base64');
};

describe('the store and objects', () => {
  const running = useStore();
  const put = (key: string, body: Buffer | string | Readable, more: object = {}) =>
    running.client.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: body, ...more }));

  for (const size of [0, 1, 65_536, 1_500_000]) {
    it(`keeps ${size} bytes`, async () => {
      const body = randomBytes(size);
      const answer = await put('sized', body);
      assert.equal(answer.ETag, `"${md5(body)}"`);
      assert.equal(answer.ChecksumCRC32, base64Crc32(body));
      assert.match(answer.$metadata.requestId ?? '', /^[0-9A-F]{16}$/);
      assert.ok(answer.$metadata.extendedRequestId);
      assert.ok((await running.contentOf('sized')).equals(body));
    });
  }

  it('takes a stream, whose checksum comes in an unsigned trailer', async () => {
    const body = randomBytes(700_000);
    const pieces = [body.subarray(0, 13), body.subarray(13, 400_000), body.subarray(400_000)];
    const answer = await put('streamed', Readable.from(pieces), { ContentLength: body.length });
    assert.equal(answer.ChecksumCRC32, base64Crc32(body));
    const [record] = running.requests;
    assert.equal(record?.headers['x-amz-content-sha256'], 'STREAMING-UNSIGNED-PAYLOAD-TRAILER');
    assert.equal(record?.headers['transfer-encoding'], 'chunked');
    assert.ok((await running.contentOf('streamed')).equals(body));
    assert.equal(
      (await running.client.send(new HeadObjectCommand({ Bucket: BUCKET, Key: 'streamed' }))).ContentEncoding,
      undefined,
    );
  });

  for (const algorithm of [
    ChecksumAlgorithm.CRC32,
    ChecksumAlgorithm.CRC32C,
    ChecksumAlgorithm.CRC64NVME,
    ChecksumAlgorithm.SHA1,
    ChecksumAlgorithm.SHA256,
  ] as const) {
    it(`verifies and keeps the ${algorithm} of bytes and of streams`, async () => {
      const body = randomBytes(100_000);
      const field = `Checksum${algorithm}` as const;
      const ofBytes = await put('sum', body, { ChecksumAlgorithm: algorithm });
      const ofStream = await put('sum', Readable.from([body]), {
        ChecksumAlgorithm: algorithm,
        ContentLength: 100_000,
      });
      const head = new HeadObjectCommand({ Bucket: BUCKET, Key: 'sum', ChecksumMode: 'ENABLED' });
      const kept = await running.client.send(head);
      assert.ok(ofBytes[field]);
      assert.equal(ofStream[field], ofBytes[field]);
      assert.equal(kept[field], ofBytes[field]);
      assert.equal(kept.ChecksumType, 'FULL_OBJECT');
      const wrong = { [field]: Buffer.alloc(Buffer.from(ofBytes[field], 'base64').length, 1).toString('base64') };
      await assert.rejects(put('sum', body, { ...wrong, ChecksumAlgorithm: algorithm }), s3Error('BadDigest', 400));
    });
  }

  it('gives back the headers and the metadata', async () => {
    const described = {
      ContentType: 'text/plain; charset=utf-8',
      CacheControl: 'max-age=1',
      ContentDisposition: 'attachment; filename="a.txt"',
      ContentLanguage: 'de',
      ContentEncoding: 'gzip',
      Metadata: { one: 'a  b', two: '=?UTF-8?B?w7w=?=' },
    };
    await put('described', Readable.from([Buffer.from('x')]), { ContentLength: 1, ...described });
    const head = await running.client.send(new HeadObjectCommand({ Bucket: BUCKET, Key: 'described' }));
    for (const [name, value] of Object.entries(described)) {
      assert.deepEqual(head[name as keyof typeof head], value);
    }
    assert.equal(head.ContentLength, 1);
    assert.ok(Math.abs(Date.now() - head.LastModified!.getTime()) < 60_000);
    const plain = await put('plain', 'x');
    assert.equal(plain.ETag, (await running.client.send(new GetObjectCommand({ Bucket: BUCKET, Key: 'plain' }))).ETag);
  });

  it('refuses metadata of more than 2 KiB', async () => {
    await assert.rejects(put('much', 'x', { Metadata: { a: 'b'.repeat(2048) } }), s3Error('MetadataTooLarge', 400));
  });

  const RANGES = [
    ['bytes=0-0', '0', 'bytes 0-0/10'],
    ['bytes=2-4', '234', 'bytes 2-4/10'],
    ['bytes=7-', '789', 'bytes 7-9/10'],
    ['bytes=-3', '789', 'bytes 7-9/10'],
    ['bytes=-99', '0123456789', 'bytes 0-9/10'],
    ['bytes=5-99', '56789', 'bytes 5-9/10'],
  ] as const;
  it('gives ranges', async () => {
    await put('ranged', '0123456789');
    for (const [Range, text, contentRange] of RANGES) {
      const answer = await running.client.send(new GetObjectCommand({ Bucket: BUCKET, Key: 'ranged', Range }));
      assert.equal(answer.$metadata.httpStatusCode, 206);
      assert.equal(await answer.Body!.transformToString(), text);
      assert.equal(answer.ContentRange, contentRange);
    }
    const beyond = new GetObjectCommand({ Bucket: BUCKET, Key: 'ranged', Range: 'bytes=10-' });
    await assert.rejects(running.client.send(beyond), s3Error('InvalidRange', 416));
    const odd = await running.client.send(new GetObjectCommand({ Bucket: BUCKET, Key: 'ranged', Range: 'bytes=4-2' }));
    assert.equal(odd.$metadata.httpStatusCode, 200);
    await odd.Body!.transformToString();
  });

  const KEYS = [
    'sp ace+plus%41 ünï&=?#;é',
    'a//b',
    'a/../b',
    './a',
    '../../etc/x',
    '/lead',
    'a%2Fb',
    "q'()*!,$@:",
    '\u00e9',
    'e\u0301',
    '🐉/竜',
    'k'.repeat(1024),
    '竜'.repeat(341),
    'trail/',
    '.',
    '..',
  ];
  it('keeps every key apart, exactly as it is, inside its directory', async () => {
    const before = await readdir(dirname(running.directory));
    const bucket = 'odd-keys';
    await running.client.send(new CreateBucketCommand({ Bucket: bucket }));
    for (const Key of KEYS) await running.client.send(new PutObjectCommand({ Bucket: bucket, Key, Body: `of ${Key}` }));
    for (const Key of KEYS) {
      const { Body } = await running.client.send(new GetObjectCommand({ Bucket: bucket, Key }));
      assert.equal(await Body!.transformToString(), `of ${Key}`);
    }
    const { Contents = [] } = await running.client.send(new ListObjectsV2Command({ Bucket: bucket }));
    const inOrder = [...KEYS].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    assert.deepEqual(
      Contents.map(({ Key }) => Key),
      inOrder,
    );
    const now = await readdir(dirname(running.directory));
    assert.deepEqual(
      now.filter((name) => !before.includes(name) && !name.startsWith('mizuchi-')),
      [],
    );
    const files = await readdir(join(running.directory, 'buckets', bucket), { recursive: true });
    assert.equal(files.filter((name) => name.includes('/')).length, KEYS.length);
    await stat(join(running.directory, 'buckets', bucket));
  });

  it('refuses a key of 1025 bytes, and names that do not belong to a bucket', async () => {
    await assert.rejects(put('k'.repeat(1025), 'x'), s3Error('KeyTooLongError', 400));
    await assert.rejects(put(`${'k'.repeat(1023)}ü`, 'x'), s3Error('KeyTooLongError', 400));
    for (const Bucket of ['ab', 'Upper', '.dot', 'x'.repeat(64)]) {
      const create = new CreateBucketCommand({ Bucket });
      await assert.rejects(running.client.send(create), s3Error('InvalidBucketName', 400));
    }
  });

  it('knows which buckets are there', async () => {
    await running.client.send(new HeadBucketCommand({ Bucket: BUCKET }));
    const absent = { Bucket: 'not-there' };
    await assert.rejects(running.client.send(new HeadBucketCommand(absent)), s3Error('NotFound', 404));
    const into = new PutObjectCommand({ ...absent, Key: 'k', Body: 'x' });
    await assert.rejects(running.client.send(into), s3Error('NoSuchBucket', 404));
    await running.client.send(new CreateBucketCommand({ ...absent, Bucket: 'now-there' }));
    await running.client.send(new CreateBucketCommand({ ...absent, Bucket: 'now-there' }));
    await running.client.send(new HeadBucketCommand({ Bucket: 'now-there' }));
  });

  it('deletes one object, and many', async () => {
    for (const key of ['d1', 'd2 &<>"\'', 'd3']) await put(key, 'x');
    await running.client.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: 'd1' }));
    await running.client.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: 'd1' }));
    await running.assertAbsent('d1');
    const Objects = ['d2 &<>"\'', 'd3', 'never there'].map((Key) => ({ Key }));
    const batch = { Bucket: BUCKET, Delete: { Objects } };
    const { Deleted } = await running.client.send(new DeleteObjectsCommand(batch));
    assert.deepEqual(Deleted, Objects);
    await running.assertAbsent('d2 &<>"\'');
    await running.assertAbsent('d3');
    const quiet = { Bucket: BUCKET, Delete: { Objects, Quiet: true } };
    assert.equal((await running.client.send(new DeleteObjectsCommand(quiet))).Deleted, undefined);
  });

  it('lists by prefix, delimiter and page', async () => {
    const Bucket = 'listed';
    await running.client.send(new CreateBucketCommand({ Bucket }));
    const keys = ['a', 'dir/1', 'dir/2', 'dir/sub/3', 'dir2/4', '\u{ff5e}', '\u{1f409}'];
    for (const Key of keys) await running.client.send(new PutObjectCommand({ Bucket, Key, Body: Key }));
    for (const pageSize of [1, 2, 1000]) {
      const seen: (string | undefined)[] = [];
      for await (const page of paginateListObjectsV2({ client: running.client, pageSize }, { Bucket })) {
        seen.push(...(page.Contents ?? []).map(({ Key }) => Key));
      }
      assert.deepEqual(seen, keys);
    }
    const inDir = await running.client.send(new ListObjectsV2Command({ Bucket, Prefix: 'dir/', Delimiter: '/' }));
    assert.deepEqual(
      inDir.Contents?.map(({ Key, Size }) => [Key, Size]),
      [
        ['dir/1', 5],
        ['dir/2', 5],
      ],
    );
    assert.deepEqual(inDir.CommonPrefixes, [{ Prefix: 'dir/sub/' }]);
    const prefixes: (string | undefined)[] = [];
    const paged = paginateListObjectsV2({ client: running.client, pageSize: 1 }, { Bucket, Delimiter: '/' });
    for await (const page of paged) prefixes.push(...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix));
    assert.deepEqual(prefixes, ['dir/', 'dir2/']);
    const later = await running.client.send(
      new ListObjectsV2Command({ Bucket, StartAfter: 'dir/2', EncodingType: 'url' }),
    );
    assert.deepEqual(
      later.Contents?.map(({ Key }) => Key),
      ['dir/sub/3', 'dir2/4', '%EF%BD%9E', '%F0%9F%90%89'],
    );
  });

  it('refuses what it does not offer instead of passing it over', async () => {
    const { client } = running;
    const refusals: [object, string, number][] = [
      [{ Tagging: 'a=b' }, 'NotImplemented', 501],
      [{ ServerSideEncryption: 'AES256' }, 'NotImplemented', 501],
      [{ ACL: 'public-read' }, 'AccessControlListNotSupported', 400],
      [{ IfNoneMatch: '"an etag"' }, 'NotImplemented', 501],
    ];
    for (const [more, name, status] of refusals) await assert.rejects(put('refused', 'x', more), s3Error(name, status));
    const versioned = new GetObjectCommand({ Bucket: BUCKET, Key: 'refused', VersionId: '1' });
    await assert.rejects(client.send(versioned), s3Error('NotImplemented', 501));
    await running.assertAbsent('refused');
    await put('private', 'x', { ACL: 'private' });
  });
});

describe('the store and conditions', () => {
  const running = useStore();
  const put = (key: string, body: string, more: object = {}) =>
    running.client.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: body, ...more }));
  const get = (key: string, more: object) =>
    running.client.send(new GetObjectCommand({ Bucket: BUCKET, Key: key, ...more }));

  it('creates only new objects with If-None-Match: *', async () => {
    await put('new', 'first', { IfNoneMatch: '*' });
    await assert.rejects(put('new', 'second', { IfNoneMatch: '*' }), s3Error('PreconditionFailed', 412));
    assert.equal(String(await running.contentOf('new')), 'first');
  });

  it('lets exactly one of many writers create', async () => {
    const writers = Array.from({ length: 8 }, (_, i) => put('raced', `writer ${i}`, { IfNoneMatch: '*' }));
    const outcomes = await Promise.allSettled(writers);
    assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
    const winner = outcomes.findIndex(({ status }) => status === 'fulfilled');
    assert.equal(String(await running.contentOf('raced')), `writer ${winner}`);
  });

  it('replaces only the version that If-Match names', async () => {
    await assert.rejects(put('changed', 'x', { IfMatch: '"0123"' }), s3Error('NoSuchKey', 404));
    const { ETag } = await put('changed', 'one');
    await put('changed', 'two', { IfMatch: ETag });
    await assert.rejects(put('changed', 'three', { IfMatch: ETag }), s3Error('PreconditionFailed', 412));
    assert.equal(String(await running.contentOf('changed')), 'two');
  });

  it('reads by condition', async () => {
    const { ETag } = await put('read', 'x');
    assert.equal(await (await get('read', { IfMatch: ETag })).Body!.transformToString(), 'x');
    await assert.rejects(get('read', { IfMatch: '"other"' }), s3Error('PreconditionFailed', 412));
    await assert.rejects(get('read', { IfNoneMatch: ETag }), (error: { $metadata: { httpStatusCode: number } }) => {
      assert.equal(error.$metadata.httpStatusCode, 304);
      return true;
    });
  });
});
