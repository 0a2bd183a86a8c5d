import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BlockPool } from '../../../src/kit/block-pool.ts';

const KIB = 1024;

describe('BlockPool', () => {
  it('reuses a block for the next request of that size', () => {
    const pool = new BlockPool(1024 * KIB);
    const [small, large] = [pool.take(64 * KIB), pool.take(128 * KIB)];
    assert.deepEqual([small.length, large.length], [64 * KIB, 128 * KIB]);
    pool.give(small);
    pool.give(large);
    assert.equal(pool.take(128 * KIB), large);
    assert.equal(pool.take(64 * KIB), small);
    assert.notEqual(pool.take(64 * KIB), small);
  });

  it('keeps free blocks only within the limit', () => {
    const pool = new BlockPool(256 * KIB);
    const blocks = Array.from({ length: 4 }, () => pool.take(64 * KIB));
    for (const block of blocks) pool.give(block);
    pool.take(128 * KIB);
    const again = Array.from({ length: 4 }, () => pool.take(64 * KIB));
    assert.equal(again.filter((block) => blocks.includes(block)).length, 2);
  });

  it('does not count a block that is not reused', () => {
    const pool = new BlockPool(128 * KIB);
    const kept = pool.take(64 * KIB);
    pool.drop(pool.take(64 * KIB));
    pool.give(kept);
    pool.take(32 * KIB);
    assert.equal(pool.take(64 * KIB), kept);
  });
});
