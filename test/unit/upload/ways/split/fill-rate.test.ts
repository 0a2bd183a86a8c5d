import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { FillRate } from '../../../../../src/upload/ways/split/fill-rate.ts';

const MIB = 1024 * 1024;

/** With windows of 5 s, on a clock that only the test moves. */
function start(t: TestContext) {
  let now = 0;
  t.mock.method(performance, 'now', () => now * 1000);
  const rate = new FillRate(5_000);
  rate.waits();
  return {
    rate,
    wait: (seconds: number) => void (now += seconds),
    /** The bytes are with us for `ownSeconds`. */
    arrive(bytes: number, afterSeconds: number, ownSeconds = 0) {
      now += afterSeconds;
      rate.came(bytes);
      now += ownSeconds;
      rate.waits();
    },
  };
}

describe('the rate at which a client fills memory', () => {
  it('is that of the bytes by the time of waiting for them', (t) => {
    const { rate, arrive } = start(t);
    for (let i = 0; i < 20; i++) arrive(600, 1);
    assert.equal(rate.bytesPerSecond, 600);
    assert.deepEqual([rate.isBelow(601), rate.isBelow(600)], [true, false]);
  });

  it('is that of a pump, which counts its own waits', () => {
    const rate = new FillRate(5_000);
    for (let i = 0; i < 4; i++) rate.moved(600, 1_000);
    assert.equal(rate.isBelow(1_000), false, 'after less than a window');
    rate.moved(600, 1_000);
    assert.equal(rate.bytesPerSecond, 600);
    assert.deepEqual([rate.isBelow(601), rate.isBelow(600)], [true, false]);
    rate.moved(MIB, 0);
    assert.equal(rate.isBelow(601), false, 'a burst');
    for (let i = 0; i < 10; i++) rate.moved(0, 1_000);
    assert.equal(rate.isBelow(601), true, 'the burst is old');
  });

  it('is not judged before the gateway has waited for a whole window', (t) => {
    const { rate, arrive, wait } = start(t);
    arrive(10, 4);
    assert.equal(rate.isBelow(1000), false);
    wait(1);
    assert.equal(rate.isBelow(1000), true);
  });

  it("is that of the client: what the store or the memory takes is not the client's time", (t) => {
    const { rate, arrive } = start(t);
    for (let i = 0; i < 20; i++) arrive(MIB, 1, 100);
    assert.equal(rate.bytesPerSecond, MIB);
  });

  it('forgives a pause, and forgets a burst', (t) => {
    const { rate, arrive, wait } = start(t);
    for (let i = 0; i < 50; i++) arrive(MIB, 0.01);
    for (let i = 0; i < 5; i++) {
      assert.equal(rate.isBelow(64 * 1024), false);
      wait(1);
    }
    assert.equal(rate.isBelow(64 * 1024), false);
    for (let i = 0; i < 7; i++) arrive(600, 1);
    assert.equal(rate.isBelow(64 * 1024), true);
  });

  it('is zero after two windows without a byte, also if it was read meanwhile', (t) => {
    const { rate, arrive, wait } = start(t);
    arrive(1000 * MIB, 0.01);
    wait(11);
    assert.equal(rate.bytesPerSecond, 0);
  });

  it('is not judged when the body has ended', (t) => {
    const { rate, wait } = start(t);
    wait(60);
    rate.ends();
    assert.equal(rate.isBelow(1000), false);
  });
});
