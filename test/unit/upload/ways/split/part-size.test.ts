import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { partSizeFor } from '../../../../../src/upload/ways/split/part-size.ts';

const MIB = 1024 ** 2;
const TIB = 1024 ** 4;

describe('the size of parts', () => {
  it('is the configured one, and no less than S3 takes where memory is short', () => {
    assert.deepEqual(partSizeFor(100 * MIB, 16 * MIB), { leastBytes: 5 * MIB, mostBytes: 16 * MIB });
    assert.deepEqual(partSizeFor(100 * MIB, 5.5 * MIB), { leastBytes: 5 * MIB, mostBytes: 5 * MIB });
  });

  it('lets 10,000 parts hold any object that S3 takes, be they as small as they may', () => {
    for (const length of [1, 48 * 1024 * MIB, 50_000 * MIB, 50_000 * MIB + 1, TIB, 5 * TIB]) {
      const { leastBytes, mostBytes } = partSizeFor(length, 5 * MIB);
      assert.ok(leastBytes * 10_000 >= length, String(length));
      assert.ok(mostBytes >= leastBytes);
      assert.ok(leastBytes <= 525 * MIB);
    }
  });
});
