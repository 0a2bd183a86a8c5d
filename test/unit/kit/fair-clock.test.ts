import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FairClock } from '../../../src/kit/fair-clock.ts';

const busy = (millis: number): void => {
  for (const end = performance.now() + millis; performance.now() < end; );
};

describe('a fair clock', () => {
  it('reports the timeout once, and not too early', async () => {
    const since = performance.now();
    let calls = 0;
    await new Promise<void>((resolve) => {
      new FairClock(50, () => {
        calls++;
        resolve();
      });
    });
    assert.ok(performance.now() - since >= 45);
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(calls, 1);
  });

  it('reports nothing after it is stopped', async () => {
    for (const after of [0, 3, 9]) {
      const clock = new FairClock(10, () => assert.fail('late'));
      await new Promise((resolve) => setTimeout(resolve, after));
      clock.stop();
    }
    await new Promise((resolve) => setTimeout(resolve, 30));
  });

  it('counts a blocked event loop as at most a tenth of the timeout', async () => {
    let isLate = false;
    const clock = new FairClock(1_000, () => {
      isLate = true;
    });
    busy(1_500);
    await new Promise((resolve) => setTimeout(resolve, 10));
    assert.equal(isLate, false);
    clock.stop();
  });
});
