import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { it } from 'node:test';
import { type ChecksumAlgorithm, PutObjectCommand } from '@aws-sdk/client-s3';
import { send } from '../../support/http-client.ts';
import { describeWithEachStore } from '../support/each-store.ts';
import { BUCKET } from '../support/gateway-in-front.ts';
import { sha256 } from '../support/stored-objects.ts';

const MIB = 1024 * 1024;
/** Above the threshold of 50 MiB, so that it goes in parts of 16 MiB. */
const OBJECT = randomBytes(60 * MIB + 1);

describeWithEachStore('objects that are split', (scene) => {
  const put = (Key: string, more: object = {}) =>
    scene().through.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: OBJECT, ...more }));

  it('are stored whole, with what describes them', async () => {
    const { ETag } = await put('split/plain', {
      ContentType: 'image/png',
      Metadata: { a: 'b' },
      CacheControl: 'no-store',
    });
    const head = await scene().stored.head('split/plain');
    assert.equal(await scene().stored.sha256('split/plain'), sha256(OBJECT));
    assert.equal(ETag, head.ETag);
    assert.match(ETag!, /-4"$/);
    assert.deepEqual([head.ContentType, head.Metadata, head.CacheControl], ['image/png', { a: 'b' }, 'no-store']);
  });

  for (const ChecksumAlgorithm of ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] satisfies ChecksumAlgorithm[]) {
    it(`keep the ${ChecksumAlgorithm} that the client sends`, async () => {
      const answer = await put(`split/${ChecksumAlgorithm}`, { ChecksumAlgorithm });
      const head = await scene().stored.head(`split/${ChecksumAlgorithm}`);
      const field = `Checksum${ChecksumAlgorithm}` as const;
      assert.ok(head[field] !== undefined);
      assert.equal(answer[field], head[field]);
      assert.equal(await scene().stored.sha256(`split/${ChecksumAlgorithm}`), sha256(OBJECT));
    });
  }

  it('are stored whole from a stream of undeclared length', async () => {
    const { url } = scene().gateway;
    const body = Readable.from([OBJECT.subarray(0, 20 * MIB), OBJECT.subarray(20 * MIB)]);
    const init = { method: 'PUT', body: Readable.toWeb(body) as never, duplex: 'half' } as const;
    const answer = await fetch(`${url}/${BUCKET}/split/uncounted`, init);
    assert.equal(answer.status, 200, await answer.text());
    assert.equal(await scene().stored.sha256('split/uncounted'), sha256(OBJECT));
    const small = await send(url, 'PUT', `/${BUCKET}/split/small`, 'hello', { 'transfer-encoding': 'chunked' });
    assert.equal(small.status, 200, small.body);
    assert.equal(await scene().stored.sha256('split/small'), sha256(Buffer.from('hello')));
  });

  it('leave nothing behind where the last bit is wrong', async () => {
    const headers = { 'x-amz-checksum-sha256': Buffer.alloc(32, 7).toString('base64') };
    const answer = await send(scene().gateway.url, 'PUT', `/${BUCKET}/split/wrong`, OBJECT, headers);
    assert.equal(answer.status, 400);
    assert.match(answer.body, /<Code>BadDigest</);
    assert.ok(!(await scene().stored.keys()).includes('split/wrong'));
    assert.deepEqual(await scene().stored.openUploads('split/wrong'), []);
  });
});
