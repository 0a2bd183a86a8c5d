import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Label, LabelMemo, MOST_REMEMBERED } from '../../../src/metrics/label-memo.ts';

describe('an object of labels', () => {
  it('is made once for each list of labels', () => {
    const memo = new LabelMemo((labels: readonly [Label, Label]) => ({ labels }));
    const lists = [
      ['a', 200],
      ['a', '200'],
      ['a', undefined],
      [undefined, 200],
      ['b', 200],
    ] as const;
    const made = lists.map((labels) => memo.of(labels));
    assert.equal(new Set(made).size, lists.length);
    for (const [i, [one, other]] of lists.entries()) {
      assert.equal(memo.of([one, other]), made[i]);
      assert.deepEqual(made[i]?.labels, [one, other]);
    }
  });

  it('is forgotten, and made again, when there is too much', () => {
    let made = 0;
    const memo = new LabelMemo((_: readonly [Label]) => ({ number: ++made }));
    for (let i = 0; i < MOST_REMEMBERED; i++) memo.of([i]);
    assert.equal(memo.of([0]).number, 1);
    memo.of(['one more']);
    assert.equal(memo.of([0]).number, MOST_REMEMBERED + 2);
    assert.equal(memo.of(['one more']).number, MOST_REMEMBERED + 1);
  });
});
