import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BLOCK_BYTES, BlockPool } from '../../../src/kit/block-pool.ts';

const NEVER = new AbortController().signal;

describe('BlockPool', () => {
  it('reserves whole blocks up to its limit, and no more', () => {
    const pool = new BlockPool(3 * BLOCK_BYTES + 1);
    assert.equal(pool.limitBytes, 3 * BLOCK_BYTES);
    assert.equal(pool.tryReserve(2), true);
    assert.equal(pool.tryReserve(2), false);
    assert.equal(pool.canReserve(1), true);
    assert.equal(pool.reservedBytes, 2 * BLOCK_BYTES);
    pool.release(2);
    assert.equal(pool.reservedBytes, 0);
  });

  it('serves those who wait in their order, and lets nobody overtake', async () => {
    const pool = new BlockPool(4 * BLOCK_BYTES);
    await pool.reserve(4, NEVER);
    const served: string[] = [];
    const large = pool.reserve(3, NEVER).then(() => served.push('large'));
    const small = pool.reserve(1, NEVER).then(() => served.push('small'));
    assert.equal(pool.waiting, 2);
    pool.release(2);
    assert.equal(pool.tryReserve(1), false, 'two are free, but the large one was first');
    assert.deepEqual(served, []);
    pool.release(2);
    await Promise.all([large, small]);
    assert.deepEqual(served, ['large', 'small']);
    assert.equal(pool.reservedBytes, 4 * BLOCK_BYTES);
    assert.equal(pool.waiting, 0);
  });

  it('lets go of who does not wait any more, and serves those behind', async () => {
    const pool = new BlockPool(2 * BLOCK_BYTES);
    await pool.reserve(1, NEVER);
    const impatient = new AbortController();
    const waiting = pool.reserve(2, impatient.signal);
    const next = pool.reserve(1, NEVER);
    impatient.abort(new Error('gone'));
    await assert.rejects(waiting, { message: 'gone' });
    await next;
    assert.equal(pool.reservedBytes, 2 * BLOCK_BYTES);
    await assert.rejects(pool.reserve(1, impatient.signal), { message: 'gone' });
    assert.equal(pool.waiting, 0);
  });

  it('says at once that what is asked for will never be there', async () => {
    await assert.rejects(new BlockPool(BLOCK_BYTES).reserve(2, NEVER), RangeError);
  });

  it('gives the same memory out again', () => {
    const pool = new BlockPool(2 * BLOCK_BYTES);
    const block = pool.take();
    assert.equal(block.length, BLOCK_BYTES);
    pool.give(block);
    assert.equal(pool.take(), block);
    assert.notEqual(pool.take(), block);
  });
});
