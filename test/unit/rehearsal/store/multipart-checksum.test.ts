import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  compositeChecksum,
  declaredChecksum,
  objectChecksum,
} from '../../../../src/rehearsal/store/multipart-checksum.ts';
import { S3Error } from '../../../../src/rehearsal/store/s3-error.ts';

const code = (expected: string) => (error: unknown) => {
  assert.ok(error instanceof S3Error);
  assert.equal(error.code, expected);
  return true;
};

describe('checksums of multipart uploads', () => {
  it('are declared with an algorithm and a type that it supports', () => {
    const declare = (algorithm?: string, type?: string) =>
      declaredChecksum({
        ...(algorithm && { 'x-amz-checksum-algorithm': algorithm }),
        ...(type && { 'x-amz-checksum-type': type }),
      });
    assert.equal(declare(), undefined);
    assert.deepEqual(declare('CRC32'), { name: 'crc32', type: 'COMPOSITE' });
    assert.deepEqual(declare('CRC64NVME'), { name: 'crc64nvme', type: 'FULL_OBJECT' });
    assert.deepEqual(declare('CRC32C', 'FULL_OBJECT'), { name: 'crc32c', type: 'FULL_OBJECT' });
    assert.throws(() => declare('SHA256', 'FULL_OBJECT'), code('InvalidRequest'));
    assert.throws(() => declare('CRC64NVME', 'COMPOSITE'), code('InvalidRequest'));
    assert.throws(() => declare(undefined, 'COMPOSITE'), code('InvalidRequest'));
    assert.throws(() => declare('XXHASH64'), code('NotImplemented'));
    assert.throws(() => declare('constructor'), code('NotImplemented'));
  });

  it('follow from the parts without a declaration', () => {
    assert.deepEqual(objectChecksum(undefined, ['sha1', 'sha1']), { name: 'sha1', type: 'COMPOSITE' });
    assert.deepEqual(objectChecksum(undefined, ['crc64nvme']), { name: 'crc64nvme', type: 'FULL_OBJECT' });
    for (const parts of [[undefined], ['sha1', undefined], ['sha1', 'crc32']] as const) {
      assert.equal(objectChecksum(undefined, parts), undefined);
    }
  });

  it('are composed like in other implementations', async () => {
    // Ceph's s3-tests, test_multipart_checksum_sha256: 5 MiB of A, 5 MiB of B, 1 MiB of C.
    const parts = [
      '275VF5loJr1YYawit0XSHREhkFXYkkPKGuoK0x9VKxI=',
      'mrHwOfjTL5Zwfj74F05HOQGLdUb7E5szdCbxgUSq6NM=',
      'Vw7oB/nKQ5xWb3hNgbyfkvDiivl+U+/Dft48nfJfDow=',
    ];
    assert.equal(await compositeChecksum('sha256', parts), 'uWBwpe1dxI4Vw8Gf0X9ynOdw/SS6VBzfWm9giiv1sf4=-3');
  });
});
