import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { CHECKSUMS, type ChecksumName, checksumOfHeader } from '../../../src/body/checksum.ts';

// Check values of "123456789", as published: CRC-32/ISO-HDLC cbf43926, CRC-32C e3069283 (RFC 3720, appendix B.4, and the
// Rocksoft catalogue), CRC-64/NVME ae8b14860a799888 (NVM Express Base Specification), the hashes by OpenSSL.
const PUBLISHED: Record<ChecksumName, string> = {
  crc32: Buffer.from('cbf43926', 'hex').toString('base64'),
  crc32c: Buffer.from('e3069283', 'hex').toString('base64'),
  crc64nvme: Buffer.from('ae8b14860a799888', 'hex').toString('base64'),
  sha1: createHash('sha1').update('123456789').digest('base64'),
  sha256: createHash('sha256').update('123456789').digest('base64'),
  sha512: createHash('sha512').update('123456789').digest('base64'),
  md5: createHash('md5').update('123456789').digest('base64'),
};

describe('CHECKSUMS', () => {
  for (const name of Object.keys(PUBLISHED) as ChecksumName[]) {
    it(`${name} gives the published check value, in any pieces`, async () => {
      const whole = await CHECKSUMS[name].create();
      whole.update(Buffer.from('123456789'));
      assert.equal(whole.digest(), PUBLISHED[name]);
      const pieces = await CHECKSUMS[name].create();
      for (const digit of '123456789') pieces.update(Buffer.from(digit));
      assert.equal(pieces.digest(), PUBLISHED[name]);
      assert.equal(PUBLISHED[name].length, CHECKSUMS[name].encodedLength);
    });
  }

  it('computes many at once', async () => {
    for (const name of Object.keys(PUBLISHED) as ChecksumName[]) {
      const checksums = await Promise.all(Array.from({ length: 100 }, () => CHECKSUMS[name].create()));
      for (const digit of '123456789') for (const checksum of checksums) checksum.update(Buffer.from(digit));
      assert.deepEqual(new Set(checksums.map((checksum) => checksum.digest())), new Set([PUBLISHED[name]]), name);
    }
  });

  it('refuses bytes after the digest, because another checksum may use the same WebAssembly instance', async () => {
    const ended = await CHECKSUMS.crc64nvme.create();
    ended.digest();
    const next = await CHECKSUMS.crc64nvme.create();
    assert.throws(() => ended.update(Buffer.from('other bytes')), /already computed/);
    assert.throws(() => ended.digest(), /already computed/);
    next.update(Buffer.from('123456789'));
    assert.equal(next.digest(), PUBLISHED.crc64nvme);
  });

  it('knows its headers and no others', () => {
    assert.equal(checksumOfHeader('x-amz-checksum-crc64nvme'), 'crc64nvme');
    for (const other of ['x-amz-checksum-xxhash64', 'x-amz-checksum-constructor', 'x-amz-checksum-', 'content-md5']) {
      assert.equal(checksumOfHeader(other), undefined, other);
    }
  });
});
