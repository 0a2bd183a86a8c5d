/** The bytes for the store, while a body is verified. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Verifier } from '../../../src/pump/verifier.ts';

const PLAN = {
  kind: 'object',
  length: 10,
  most: 10,
  trailer: undefined,
  sent: undefined,
  promises: [],
  isFramed: true,
} as const;

describe('a verifier that changes the framing', () => {
  it('withholds the last byte until the framing has ended', async () => {
    const given: Buffer[] = [];
    const verifier = await Verifier.create(PLAN, (bytes) => void given.push(Buffer.from(bytes)));
    verifier.take(Buffer.from('4\r\n0123\r\n6\r\n456789'), false);
    assert.equal(String(Buffer.concat(given)), '012345678');
    verifier.take(Buffer.from('\r\n0\r\n'), false);
    assert.equal(Buffer.concat(given).length, 9);
    verifier.take(Buffer.from('\r\n'), true);
    assert.equal(String(Buffer.concat(given)), '0123456789');
  });

  it('never gives it if the body is wrong', async () => {
    const given: Buffer[] = [];
    const promises = [
      { header: 'x-amz-checksum-crc32', checksum: 'crc32', value: 'AAAAAA==', code: 'BadDigest' },
    ] as const;
    const verifier = await Verifier.create({ ...PLAN, promises }, (bytes) => void given.push(Buffer.from(bytes)));
    verifier.take(Buffer.from('a\r\n0123456789\r\n'), false);
    assert.throws(() => verifier.take(Buffer.from('0\r\n\r\n'), true), { type: 'checksum_mismatch' });
    assert.equal(Buffer.concat(given).length, 9);
  });
});
