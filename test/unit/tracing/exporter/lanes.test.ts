import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Lanes } from '../../../../src/tracing/exporter/lanes.ts';

describe('lanes', () => {
  it('work on a few at a time, in their order, and say when nothing is left', async () => {
    const begun: number[] = [];
    const finish: (() => void)[] = [];
    const lanes = new Lanes<number>(2, (item) => {
      begun.push(item);
      return new Promise((resolve) => finish.push(resolve));
    });
    for (const item of [1, 2, 3, 4]) lanes.add(item);
    assert.deepEqual(begun, [1, 2]);
    let idle = false;
    const done = lanes.idle().then(() => (idle = true));
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
    await lanes.idle();
  });
});
