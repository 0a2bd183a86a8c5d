import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Anchor, Clock, nanosAt } from '../../../../src/tracing/recorder/clock.ts';

class FakeClocks {
  /** True Unix milliseconds; the wall clock shows whole ones. */
  unix = 1_790_000_000_000.25;
  running = 5_000;

  readonly wall = (): number => Math.floor(this.unix);
  readonly monotonic = (): number => this.running;

  pass(millis: number, wallMillis = millis): void {
    this.running += millis;
    this.unix += wallMillis;
  }
}

const unixNanos = (anchor: Anchor, nanos: number): bigint =>
  BigInt(anchor.high) * 2n ** 32n + BigInt(anchor.low) + BigInt(nanos);

describe('the clock of spans', () => {
  it('tells the time on the wall, to less than a millisecond', () => {
    const clocks = new FakeClocks();
    const clock = new Clock(clocks);
    for (let i = 0; i < 1000; i++) {
      clocks.pass(0.37);
      const told = Number(unixNanos(clock.anchor(), clock.now())) / 1e6;
      assert.ok(Math.abs(told - clocks.unix) <= 1.001, `${told} at ${clocks.unix}`);
    }
  });

  it('keeps its anchor as long as the wall clock agrees, so that time between traces is as fine as within', () => {
    const clocks = new FakeClocks();
    const clock = new Clock(clocks);
    clocks.pass(0.9);
    const first = clock.anchor();
    clocks.pass(3.1);
    assert.equal(clock.anchor(), clock.anchor());
    const elapsed = unixNanos(clock.anchor(), clock.now()) - unixNanos(first, clock.now());
    assert.ok(elapsed >= -1_000_000n && elapsed <= 1_000_000n);
  });

  it('follows the wall clock where it drifts and where it is set, for new traces only', () => {
    const clocks = new FakeClocks();
    const clock = new Clock(clocks);
    const before = clock.anchor();
    const drifting = Array.from({ length: 50 }, (_, i) => [1_000, i < 25 ? 1_000.9 : 999.1] as const);
    for (const [millis, wallMillis] of [
      ...drifting,
      [86_400_000, 86_400_900],
      [1_000, -3_600_000],
      [1_000, 7_200_000],
    ] as const) {
      clocks.pass(millis, wallMillis);
      const told = Number(unixNanos(clock.anchor(), clock.now())) / 1e6;
      assert.ok(Math.abs(told - clocks.unix) <= 1.001);
    }
    assert.notEqual(clock.anchor(), before);
    assert.equal(unixNanos(before, 0), unixNanos(before, 0));
  });

  it('has nanoseconds for a reading of performance.now()', () => {
    const clocks = new FakeClocks();
    assert.equal(nanosAt(4_000.5), 4_000_500_000);
    assert.equal(new Clock(clocks).now(), nanosAt(clocks.running));
  });
});
