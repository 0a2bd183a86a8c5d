import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CallerSlots, type Slot } from '../../../src/gateway/caller-slots.ts';

/** Takes slots until one is refused. */
function takeAll(slots: CallerSlots, caller: string): { taken: Slot[]; reason: string | undefined } {
  const taken: Slot[] = [];
  for (;;) {
    try {
      taken.push(slots.take(caller));
    } catch (thrown) {
      return { taken, reason: (thrown as { reason?: string }).reason };
    }
  }
}
const most = (limit: number): number => takeAll(new CallerSlots(limit, 'full'), 'a').taken.length;

describe('CallerSlots', () => {
  it('leaves a tenth to others, and at least one slot of two', () => {
    assert.deepEqual([1, 2, 9, 10, 20, 1000].map(most), [1, 1, 8, 9, 18, 900]);
  });

  it('gives the reserve to callers that hold no more than they leave free', () => {
    const slots = new CallerSlots(1000, 'full');
    const all = ['a', 'b', 'c', 'd'].map((caller) => takeAll(slots, caller));
    assert.deepEqual(
      all.map(({ taken }) => taken.length),
      [900, 50, 25, 13],
    );
    assert.ok(all.every(({ reason }) => reason === 'full_of_caller'));
    slots.take('newcomer');
  });

  it('has its own reason when all slots are in use', () => {
    const slots = new CallerSlots(2, 'full');
    slots.take('a');
    slots.take('b');
    for (const caller of ['a', 'c']) assert.throws(() => slots.take(caller), { reason: 'full' });
  });

  it('counts a slot once, for the caller that it was moved to', () => {
    const slots = new CallerSlots(10, 'full');
    const { taken } = takeAll(slots, 'hostile');
    const slot = slots.take('address');
    assert.throws(() => slots.move(slot, 'hostile'), { reason: 'full_of_caller' });
    assert.equal(slots.used, 10);
    slots.move(slot, 'honest');
    assert.equal(slots.used, 10);
    for (const each of [...taken, slot]) slots.release(each);
    assert.equal(slots.used, 0);
    assert.equal(takeAll(slots, 'honest').taken.length, 9);
  });
});
