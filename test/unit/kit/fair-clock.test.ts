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

  it('ends by itself where others with the same timeout begin and stop meanwhile', async () => {
    const ends: number[] = [];
    const begins = [0, 13, 37, 90, 140];
    for (const at of begins) {
      setTimeout(() => {
        const since = performance.now();
        new FairClock(100, () => ends.push(performance.now() - since));
        const other = new FairClock(100, () => assert.fail('late'));
        setTimeout(() => other.stop(), 30);
      }, at);
    }
    await new Promise((resolve) => setTimeout(resolve, 600));
    assert.equal(ends.length, begins.length);
    for (const millis of ends) assert.ok(millis >= 90, `${millis}`);
  });

  it('keeps no timer after the last one is stopped', async () => {
    const clocks = [new FairClock(7_777, () => {}), new FairClock(7_777, () => {})];
    const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const running = timers();
    for (const clock of clocks) clock.stop();
    assert.equal(timers(), running - 1);
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
