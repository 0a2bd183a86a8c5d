/** `s3.client_checksums: verify_and_drop`: a store that refuses checksums gets none, and bytes that are not what was promised stay out. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { after, before, beforeEach, describe, it } from 'node:test';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { parseConfig } from '../../src/config/parse-config.ts';
import { send } from '../support/http-client.ts';
import { beginUpload, COMPLETED, CREATED, complete, PART_ETAG } from '../support/multipart.ts';
import { arePossible, PROMISES, SENDINGS, sendPromised } from '../support/promises.ts';
import { RawStore } from '../support/raw-store.ts';
import { startGateway, type TestGateway } from '../support/start-gateway.ts';

const S3 = { client_checksums: 'verify_and_drop' };
const SPEAKS_OF_CHECKSUMS = /x-amz-(sdk-)?checksum|x-amz-trailer|Checksum/i;

describe('a store that refuses checksums', () => {
  let store: RawStore;
  let gateway: TestGateway;

  before(async () => {
    store = await RawStore.start();
    store.behaviour = async (request, response, record) => {
      const pieces: Buffer[] = [];
      for await (const piece of request) pieces.push(piece as Buffer);
      record.body = Buffer.concat(pieces);
      const said = `${record.rawHeaders.join('\n')}\n${request.method === 'POST' ? record.body : ''}`;
      response.setHeader('etag', `"${PART_ETAG}"`);
      if (SPEAKS_OF_CHECKSUMS.test(said)) response.writeHead(400).end('<Error><Code>InvalidRequest</Code></Error>');
      else if (request.method === 'PUT') response.end();
      else response.end(request.url?.includes('?uploads') ? CREATED : COMPLETED);
    };
    const upload = { multipart_threshold: '5MiB', part_size: '5MiB' };
    gateway = await startGateway({ storeUrl: store.url, s3: S3, upload });
  });
  beforeEach(() => void store.requests.splice(0));
  after(async () => {
    await gateway.close();
    await store.close();
  });

  for (const sending of SENDINGS) {
    it(`accepts ${sending.name}, whatever is promised, and the response has no checksum`, async () => {
      for (const promising of PROMISES.filter((each) => arePossible(each, sending))) {
        const answer = await sendPromised(gateway.url, 'k', randomBytes(sending.size), promising, sending);
        assert.ok(answer.status < 300, `${promising.name}: ${answer.status} ${answer.body}`);
        assert.ok(!SPEAKS_OF_CHECKSUMS.test(JSON.stringify(answer.headers)));
      }
    });
  }

  it('never gets an object whose checksum does not match', async () => {
    for (const promising of PROMISES.filter(({ name }) => !name.includes('signed'))) {
      const { headers, body } = await promising.wire(randomBytes(5_000));
      body[Math.floor(body.length / 2)]! ^= 1;
      const { status } = await send(gateway.url, 'PUT', '/uploads/k', body, headers);
      assert.deepEqual([promising.name, status, store.requests.length], [promising.name, 400, 0]);
    }
  });

  for (const ChecksumAlgorithm of ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const) {
    it(`takes a multipart upload of the AWS SDK with ${ChecksumAlgorithm}`, async () => {
      const client = clientOf(gateway.url);
      const target = { Bucket: 'uploads', Key: 'k' };
      const { UploadId } = await client.send(new CreateMultipartUploadCommand({ ...target, ChecksumAlgorithm }));
      const upload = { ...target, UploadId };
      const Body = randomBytes(100_000);
      const part = new UploadPartCommand({ ...upload, PartNumber: 1, Body, ChecksumAlgorithm });
      const { ETag } = await client.send(part);
      const [Part, name] = [{ PartNumber: 1, ETag }, `Checksum${ChecksumAlgorithm}`];
      const MultipartUpload = { Parts: [{ ...Part, [name]: 'AAAAAA==' }] };
      const done = await client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload }));
      assert.equal(done.ETag, `"${PART_ETAG}-1"`);
      client.destroy();
      assert.deepEqual(store.requests.at(-2)?.body.includes(Body), true);
      const document = store.requests.at(-1)?.body.toString() ?? '';
      assert.match(
        document,
        /<Part><PartNumber>1<\/PartNumber><ETag>.*5d41402abc4b2a76b9719d911017c592.*<\/ETag><\/Part>/,
      );
    });
  }

  const sum = createHash('sha256').update('part').digest();
  const list = `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${PART_ETAG}</ETag><ChecksumSHA256>${sum.toString('base64')}</ChecksumSHA256></Part></CompleteMultipartUpload>`;
  const composite = createHash('sha256').update(sum).digest('base64');
  const md5 = createHash('md5').update(list).digest('base64');
  const full = { 'x-amz-checksum-crc32': 'AAAAAA==', 'x-amz-checksum-type': 'FULL_OBJECT' };
  for (const [what, headers, status, code] of [
    ['the composite checksum of its parts', { 'x-amz-checksum-sha256': `${composite}-1` }, 200, undefined],
    ['the same without the number of parts', { 'x-amz-checksum-sha256': composite }, 200, undefined],
    ['another composite checksum', { 'x-amz-checksum-sha256': `${sum.toString('base64')}-1` }, 400, 'BadDigest'],
    ['a checksum of the whole object, which nobody could verify', full, 400, 'InvalidRequest'],
    ['a composite checksum of others than its parts have', { 'x-amz-checksum-sha1': 'A' }, 400, 'InvalidRequest'],
    ['the MD5 of its document, which is written anew', { 'content-md5': md5 }, 200, undefined],
    ['the MD5 of another document', { 'content-md5': composite.slice(0, 22) }, 400, 'BadDigest'],
  ] as const) {
    it(`returns ${status} to a completion with ${what}`, async () => {
      const target = await beginUpload(gateway.url);
      const answer = await complete(gateway.url, target, list, headers);
      assert.deepEqual([answer.status, /<Code>(.*)<\/Code>/.exec(answer.body)?.[1]], [status, code], answer.body);
      assert.equal(store.requests.length, status === 200 ? 2 : 1);
    });
  }

  it('never gets what only a store could verify: it is refused with the reason', async () => {
    const xxhash = { 'x-amz-checksum-xxhash64': 'AAAAAAAAAAA=' };
    const put = await send(gateway.url, 'PUT', '/uploads/k', 'hello', xxhash);
    const algorithm = { 'x-amz-checksum-algorithm': 'XXHASH64' };
    const created = await send(gateway.url, 'POST', '/uploads/k?uploads', '', algorithm);
    assert.deepEqual([put.status, created.status, store.requests.length], [400, 400, 0]);
    assert.match(put.body, /cannot verify x-amz-checksum-xxhash64/);
    assert.equal(gateway.log.at(-1)?.error_reason, 'checksum_unverifiable');
  });

  it('is not configured together with checksums of the gateway', () => {
    const s3 = { bucket: 'my-bucket', client_checksums: 'verify_and_drop', checksum: 'crc32' };
    const text = JSON.stringify({ buckets: [{ name: 'uploads', s3 }] });
    assert.throws(() => parseConfig(text, 'f', {}), /s3\.checksum: adds checksums, .*set checksum to unsupported/s);
  });
});

function clientOf(endpoint: string): S3Client {
  const credentials = { accessKeyId: 'a', secretAccessKey: 'b' };
  return new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, maxAttempts: 1, credentials });
}
