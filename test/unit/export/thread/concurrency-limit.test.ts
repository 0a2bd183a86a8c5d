import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ConcurrencyLimit } from '../../../../src/export/thread/concurrency-limit.ts';

describe('the concurrency limit', () => {
  it('works on items in their order, in parallel up to the limit, and reports when nothing is left', async () => {
    const begun: number[] = [];
    const finish: (() => void)[] = [];
    const exports = new ConcurrencyLimit<number>(2, (item) => {
      begun.push(item);
      return new Promise((resolve) => finish.push(resolve));
    });
    for (const item of [1, 2, 3, 4]) exports.add(item);
    assert.deepEqual(begun, [1, 2]);
    let idle = false;
    const done = exports.idle().then(() => (idle = true));
    for (const expected of [
      [1, 2, 3],
      [1, 2, 3, 4],
      [1, 2, 3, 4],
    ]) {
      finish.shift()?.();
      await new Promise((resolve) => setImmediate(resolve));
      assert.deepEqual(begun, expected);
      assert.equal(idle, false);
    }
    finish.shift()?.();
    await done;
    await exports.idle();
  });
});
