/** What real stores answer to a completion that is repeated, and to a signature over a path that a proxy in front of them takes off. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { it } from 'node:test';
import { CompleteMultipartUploadCommand, CreateMultipartUploadCommand, UploadPartCommand } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { clientOf, describeWithEachStore } from '../support/each-store.ts';
import { BUCKET, startGatewayInFront } from '../support/gateway-in-front.ts';
import { startPathFront } from '../support/path-front.ts';
import { sha256 } from '../support/stored-objects.ts';

const MIB = 1024 ** 2;

describeWithEachStore('a store in front of which something stands or happens', (scene, storeName) => {
  it('has a completion repeated: the client gets the same ETag', async () => {
    const { through, stored } = scene();
    const target = { Bucket: BUCKET, Key: 'repeated' };
    const { UploadId } = await through.send(new CreateMultipartUploadCommand(target));
    const Parts: { PartNumber: number; ETag: string | undefined }[] = [];
    for (const PartNumber of [1, 2]) {
      const part = { ...target, UploadId, PartNumber, Body: randomBytes(5 * MIB) };
      Parts.push({ PartNumber, ETag: (await through.send(new UploadPartCommand(part))).ETag });
    }
    const complete = () =>
      through.send(new CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload: { Parts } }));
    const first = await complete();
    assert.equal(first.ETag, (await stored.head('repeated')).ETag);
    assert.equal((await complete()).ETag, first.ETag);
    await new Upload({ client: through, params: { ...target, Body: 'another' } }).done();
    // versitygw itself remembers what it has completed.
    if (storeName === 'MinIO') await assert.rejects(complete(), { name: 'NoSuchUpload' });
  });

  it('is below a path: objects of every size go there', async () => {
    const { store, stored } = scene();
    const front = await startPathFront('/storage/v1/s3', store.url);
    const gateway = await startGatewayInFront({ storeUrl: front.url, upload: { multipart_threshold: '5MiB' } });
    const client = clientOf(gateway.url);
    for (const size of [0, 1, MIB, 12 * MIB]) {
      const Body = randomBytes(size);
      const Key = `below/${size} ü`;
      await new Upload({ client, params: { Bucket: BUCKET, Key, Body } }).done();
      assert.equal(await stored.sha256(Key), sha256(Body));
    }
    client.destroy();
    await gateway.stop();
    await front.close();
  });

  it('takes all that the AWS SDK promises without getting any of it: client_checksums: verify_and_drop', async () => {
    const { store, stored } = scene();
    const s3 = { client_checksums: 'verify_and_drop' };
    const gateway = await startGatewayInFront({ storeUrl: store.url, s3, upload: { multipart_threshold: '5MiB' } });
    const client = clientOf(gateway.url);
    for (const ChecksumAlgorithm of ['CRC32', 'CRC64NVME', 'SHA256'] as const) {
      for (const size of [1, MIB, 12 * MIB]) {
        const Body = randomBytes(size);
        const Key = `dropped/${ChecksumAlgorithm}/${size}`;
        await new Upload({ client, params: { Bucket: BUCKET, Key, Body, ChecksumAlgorithm } }).done();
        assert.equal(await stored.sha256(Key), sha256(Body));
      }
    }
    client.destroy();
    await gateway.stop();
  });
});
