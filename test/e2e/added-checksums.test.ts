/** Objects that bring no checksum, to a store that is to have one: `s3.checksum`. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, beforeEach, describe, it } from 'node:test';
import { crc32 } from 'node:zlib';
import type { RequestRecord } from '../../src/rehearsal/store/exchange.ts';
import { EmbeddedStore } from '../support/embedded-store.ts';
import { send } from '../support/http-client.ts';
import { startGateway, type TestGateway } from '../support/start-gateway.ts';

const MIB = 1024 ** 2;
const crcOf = (bytes: Buffer): string => {
  const value = Buffer.alloc(4);
  value.writeUInt32BE(crc32(bytes));
  return value.toString('base64');
};

describe('s3.checksum', () => {
  let seen: RequestRecord[] = [];
  let store: EmbeddedStore;
  let gateway: TestGateway;
  before(async () => {
    store = await EmbeddedStore.start({ onRequest: (record) => void seen.push(record) });
    const upload = { multipart_threshold: '5MiB', part_size: '5MiB' };
    gateway = await startGateway({ storeUrl: store.url, s3: { checksum: 'crc32' }, upload });
  });
  beforeEach(() => {
    seen = [];
  });
  after(async () => {
    await gateway.close();
    await store.close();
  });

  for (const [how, size, headers, sentAs] of [
    ['small', 10, {}, ['UNSIGNED-PAYLOAD']],
    ['streamed', MIB + 7, {}, ['STREAMING-UNSIGNED-PAYLOAD-TRAILER']],
    ['split', 12 * MIB + 7, {}, []],
    ['of undeclared length', 1000, { 'transfer-encoding': 'chunked' }, ['UNSIGNED-PAYLOAD']],
  ] as const) {
    it(`goes with an object that is ${how}, and is the store's, read back by the SDK`, async () => {
      const bytes = randomBytes(size);
      const answer = await send(gateway.url, 'PUT', '/uploads/k', bytes, { ...headers });
      assert.equal(answer.status, 200);
      const read = await store.get('k');
      assert.equal(read.ChecksumCRC32, crcOf(bytes));
      assert.equal(read.ChecksumType, 'FULL_OBJECT');
      assert.deepEqual(Buffer.from(await read.Body!.transformToByteArray()), bytes);
      assert.equal(read.ContentEncoding, undefined);
      const hashes = seen.filter(({ operation }) => operation === 'PutObject').map(hashOf);
      assert.deepEqual(hashes, sentAs);
    });
  }

  it('is not added where the client sends its own checksum or hash', async () => {
    const bytes = Buffer.from('hello');
    for (const [name, value] of [
      ['Content-MD5', 'XUFAKrxLKna5cZ2REBfFkg=='],
      ['x-amz-checksum-sha1', 'qvTGHdzF6KLavt4PO0gs2a6pQ00='],
      ['x-amz-content-sha256', '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824'],
    ] as const) {
      assert.equal((await send(gateway.url, 'PUT', '/uploads/own', bytes, { [name]: value })).status, 200, name);
      const read = await store.get('own');
      assert.equal(read.ChecksumCRC32, undefined, name);
      await read.Body!.transformToByteArray();
    }
  });

  it('is not added to the parts of a client, whose upload was created without', async () => {
    const created = await send(gateway.url, 'POST', '/uploads/m?uploads', '');
    const id = /<UploadId>([^<]+)</.exec(created.body)![1];
    const part = await send(gateway.url, 'PUT', `/uploads/m?partNumber=1&uploadId=${id}`, randomBytes(MIB));
    const document = `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${part.headers.etag}</ETag></Part></CompleteMultipartUpload>`;
    assert.equal((await send(gateway.url, 'POST', `/uploads/m?uploadId=${id}`, document)).status, 200);
  });
});

const hashOf = ({ headers }: RequestRecord): unknown => headers['x-amz-content-sha256'];
