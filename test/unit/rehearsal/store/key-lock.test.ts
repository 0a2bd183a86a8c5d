import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { KeyLock } from '../../../../src/rehearsal/store/key-lock.ts';

describe('a lock by name', () => {
  it('lets one in at a time, and the next after a failure', async () => {
    const lock = new KeyLock();
    const order: string[] = [];
    const gate = Promise.withResolvers<void>();
    const first = lock.run('a', async () => {
      await gate.promise;
      order.push('first');
      throw new Error('it failed');
    });
    const second = lock.run('a', async () => void order.push('second'));
    await lock.run('b', async () => void order.push('elsewhere'));
    gate.resolve();
    await assert.rejects(first, /it failed/);
    await second;
    assert.deepEqual(order, ['elsewhere', 'first', 'second']);
  });
});
