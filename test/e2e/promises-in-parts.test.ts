/** What the parts of a split object carry in place of the promises about the whole, as the store gets them. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { after, before, beforeEach, describe, it } from 'node:test';
import { proxiedRequestOf } from '../../src/rehearsal/faults/fault-chooser.ts';
import { sha256 } from '../support/embedded-store.ts';
import { type Answer, send } from '../support/http-client.ts';
import { type Behaviour, RawStore, type StoreRequest } from '../support/raw-store.ts';
import { startGateway, type TestGateway } from '../support/start-gateway.ts';

const MIB = 1024 ** 2;
const BYTES = randomBytes(11 * MIB);
const SMALL = BYTES.subarray(0, 1000);
const MD5 = { 'content-md5': createHash('md5').update(BYTES).digest('base64') };
const LOCKED = {
  'x-amz-object-lock-mode': 'GOVERNANCE',
  'x-amz-object-lock-retain-until-date': '2031-01-01T00:00:00Z',
};
const UNDECLARED = { 'transfer-encoding': 'chunked' };
const LOCK_HEADERS = { allow: Object.keys(LOCKED) };

/** A store that takes Object Lock, as the embedded one does not. */
const answerAll: Behaviour = (request, response) => {
  request.resume();
  request.once('end', () => {
    response.setHeader('etag', '"5d41402abc4b2a76b9719d911017c592"');
    const completed =
      '<CompleteMultipartUploadResult><ETag>"5d41402abc4b2a76b9719d911017c592-3"</ETag></CompleteMultipartUploadResult>';
    const created = '<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>';
    response.end(request.method === 'PUT' ? '' : request.url?.includes('?uploads') ? created : completed);
  });
};

/** Operation, and which of the protecting headers it had. */
const seenAs = ({ method, target, headers }: StoreRequest): string =>
  [proxiedRequestOf(method, target).operation, ...Object.keys(headers).filter((name) => PROTECTING.test(name))].join(
    ' ',
  );
const PROTECTING = /^(content-md5|x-amz-checksum-(?!type)[a-z0-9]+)$/;

for (const checksum of ['none', 'crc64nvme', 'unsupported'] as const) {
  describe(`a split object, with s3.checksum: ${checksum}`, () => {
    let store: RawStore;
    let gateway: TestGateway;
    before(async () => {
      store = await RawStore.start();
      store.behaviour = answerAll;
      const s3 = { bucket: 'my-bucket', endpoint: store.url, access_key: 'mizuchi', secret_key: 'mizuchi-secret' };
      gateway = await startGateway({
        storeUrl: store.url,
        buckets: [{ name: 'uploads', s3: { ...s3, checksum }, headers: LOCK_HEADERS }],
        upload: { multipart_threshold: '5MiB', part_size: '5MiB' },
      });
    });
    beforeEach(() => void store.requests.splice(0));
    after(async () => {
      await gateway.close();
      await store.close();
    });

    /** Since it was asked last, each once. */
    const seen = (): string[] => [...new Set(store.requests.splice(0).map(seenAs))];
    const put = async (headers: Record<string, string>, bytes = BYTES): Promise<string[]> => {
      const answer: Answer = await send(gateway.url, 'PUT', '/uploads/k', bytes, headers);
      assert.equal(answer.status, 200, answer.body);
      return seen();
    };
    const inParts = (header: string): string[] => [
      'CreateMultipartUpload x-amz-checksum-algorithm',
      `UploadPart ${header}`,
      `CompleteMultipartUpload ${header}`,
    ];
    const own = `x-amz-checksum-${checksum === 'none' ? 'crc32' : checksum}`;

    if (checksum === 'unsupported') {
      it('stays whole, if it carries a promise or a lock', async () => {
        assert.deepEqual(await put(MD5), ['PutObject content-md5']);
        assert.deepEqual(await put(LOCKED), ['PutObject']);
        assert.deepEqual(await put(LOCKED, SMALL), ['PutObject content-md5']);
      });

      it('has a Content-MD5 with each part, if its length was not declared', async () => {
        const parts = ['CreateMultipartUpload', 'UploadPart content-md5', 'CompleteMultipartUpload'];
        assert.deepEqual(await put({ ...MD5, ...UNDECLARED }), parts);
        assert.deepEqual(await put({ ...LOCKED, ...UNDECLARED }), parts);
      });
    } else {
      it('has a checksum with each part and with its completion, if it carries a promise', async () => {
        assert.deepEqual(await put(MD5), inParts(own));
        assert.deepEqual(await put({ 'x-amz-content-sha256': sha256(BYTES) }), inParts(own));
      });

      it('has one under Object Lock, whatever else it carries', async () => {
        assert.deepEqual(await put(LOCKED), inParts(own));
        assert.deepEqual(await put({ ...LOCKED, ...MD5, ...UNDECLARED }), inParts(own));
        assert.deepEqual(await put(LOCKED, SMALL), [`PutObject ${own}`]);
        assert.deepEqual(await put({ ...LOCKED, ...UNDECLARED }, SMALL), [`PutObject ${own}`]);
        assert.deepEqual(await put({ ...LOCKED, 'x-amz-content-sha256': sha256(SMALL) }, SMALL), [`PutObject ${own}`]);
      });

      it('has a checksum that every store knows, in place of one that not all know', async () => {
        const sha512 = createHash('sha512').update(BYTES).digest('base64');
        assert.deepEqual(await put({ 'x-amz-checksum-sha512': sha512 }), inParts(own));
      });
    }

    it('has no checksum that is not configured or requested', async () => {
      const none = ['CreateMultipartUpload', 'UploadPart', 'CompleteMultipartUpload'];
      assert.deepEqual(await put({}), checksum === 'crc64nvme' ? inParts(own) : none);
    });

    it('is not split, if its checksum is one that only the store can verify', async () => {
      const xxhash = { 'x-amz-checksum-xxhash64': 'AAAAAAAAAAA=' };
      await send(gateway.url, 'PUT', '/uploads/xx', BYTES, xxhash);
      assert.deepEqual(seen(), ['PutObject x-amz-checksum-xxhash64']);
      const answer = await send(gateway.url, 'PUT', '/uploads/xx', BYTES, { ...xxhash, ...UNDECLARED });
      assert.equal(answer.status, 400);
      assert.match(answer.body, /Content-Length/);
      assert.deepEqual(seen(), []);
      assert.equal(gateway.log.at(-1)?.error_reason, 'checksum_only_of_whole');
    });
  });
}
