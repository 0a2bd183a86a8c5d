import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CircuitBreaker, OPENING_FAILURES } from '../../../../src/export/thread/circuit-breaker.ts';

function breakerAt(jitter: number) {
  const clock = { time: 1_000_000 };
  const breaker = new CircuitBreaker({ now: () => clock.time, random: () => jitter });
  return { breaker, clock };
}

describe('the circuit breaker before the collector', () => {
  it('lets attempts through at first, and after a success', () => {
    const { breaker, clock } = breakerAt(1);
    assert.equal(breaker.waitMillis(false), 0);
    breaker.failed(clock.time, undefined);
    assert.equal(breaker.waitMillis(false), 1000);
    breaker.succeeded();
    assert.equal(breaker.waitMillis(false), 0);
  });

  it('backs off exponentially, up to ten seconds, with full jitter', () => {
    const waits = (jitter: number): number[] => {
      const { breaker, clock } = breakerAt(jitter);
      return Array.from({ length: 6 }, () => {
        clock.time += 1;
        breaker.failed(clock.time, undefined);
        const wait = breaker.waitMillis(false);
        clock.time += wait;
        return wait;
      });
    };
    assert.deepEqual(waits(1), [1000, 2000, 4000, 8000, 10_000, 10_000]);
    assert.deepEqual(waits(0.5), [500, 1000, 2000, 4000, 5000, 5000]);
    assert.deepEqual(waits(0), [0, 0, 0, 0, 0, 0]);
  });

  it('starts again after a success', () => {
    const { breaker, clock } = breakerAt(1);
    for (let i = 0; i < 3; i++) breaker.failed(++clock.time, undefined);
    breaker.succeeded();
    breaker.failed(++clock.time, undefined);
    assert.equal(breaker.waitMillis(false), 1000);
  });

  it('counts attempts that ran in parallel once', () => {
    const { breaker, clock } = breakerAt(1);
    const startedAt = clock.time;
    clock.time += 10;
    for (let i = 0; i < 4; i++) breaker.failed(startedAt, undefined);
    assert.equal(breaker.waitMillis(false), 1000);
  });

  it('obeys Retry-After, fifteen seconds at most, for every batch', () => {
    const { breaker, clock } = breakerAt(0);
    breaker.failed(clock.time, 5_000);
    breaker.failed(clock.time, 1_000);
    assert.equal(breaker.waitMillis(false), 5_000);
    breaker.succeeded();
    assert.equal(breaker.waitMillis(false), 5_000, 'an attempt that was on its way does not cancel Retry-After');
    breaker.failed(clock.time, 100_000_000);
    assert.equal(breaker.waitMillis(false), 15_000);
    clock.time += 15_000;
    assert.equal(breaker.waitMillis(false), 0);
  });

  it('adds jitter to Retry-After: up to 100 %, ten seconds at most', () => {
    for (const [retryAfter, jitter, wait] of [
      [4_000, 0.5, 6_000],
      [4_000, 1, 8_000],
      [100_000_000, 0.5, 20_000],
      [100_000_000, 1, 25_000],
      [0, 1, 1_000],
    ] as const) {
      const { breaker, clock } = breakerAt(jitter);
      breaker.failed(clock.time, retryAfter);
      assert.equal(breaker.waitMillis(false), wait);
      breaker.succeeded();
      assert.equal(
        breaker.waitMillis(false),
        retryAfter === 0 ? 0 : wait,
        'unchanged by a success that was on its way',
      );
    }
  });

  it('adds jitter to the Retry-After of a parallel attempt as well', () => {
    const { breaker, clock } = breakerAt(0.5);
    const startedAt = clock.time;
    clock.time += 10;
    breaker.failed(startedAt, undefined);
    breaker.failed(startedAt, 4_000);
    assert.equal(breaker.waitMillis(false), 6_000);
  });

  it('ignores the backoff in a hurry, but not Retry-After', () => {
    const { breaker, clock } = breakerAt(1);
    breaker.failed(clock.time, undefined);
    assert.equal(breaker.waitMillis(true), 0);
    breaker.failed(clock.time, 300);
    assert.equal(breaker.waitMillis(true), 300);
  });
});

describe('the circuit breaker after failures in a row', () => {
  function opened() {
    const states: boolean[] = [];
    const clock = { time: 0 };
    const breaker = new CircuitBreaker({
      now: () => clock.time,
      random: () => 0,
      onChange: (state) => states.push(state),
    });
    for (let failure = 0; failure < OPENING_FAILURES; failure++) breaker.failed(++clock.time, undefined);
    return { breaker, clock, states };
  }

  it('opens, and reports it once', () => {
    const { breaker, clock, states } = opened();
    breaker.failed(++clock.time, undefined);
    assert.deepEqual([breaker.isOpen, states], [true, [true]]);
    breaker.succeeded();
    assert.deepEqual([breaker.isOpen, states], [false, [true, false]]);
  });

  it('does not open by attempts that ran in parallel', () => {
    const breaker = new CircuitBreaker({ now: () => 10, random: () => 0 });
    breaker.failed(5, undefined);
    for (let i = 0; i < OPENING_FAILURES; i++) breaker.failed(4, undefined);
    assert.equal(breaker.isOpen, false);
  });

  it('lets one batch probe at a time, and the others wait for its outcome', async () => {
    const { breaker, clock } = opened();
    assert.deepEqual([breaker.tryEnter(false), breaker.tryEnter(false), breaker.tryEnter(true)], [true, false, true]);
    const outcome = breaker.nextOutcome();
    breaker.failed(++clock.time, undefined);
    await outcome;
    assert.deepEqual([breaker.tryEnter(false), breaker.tryEnter(false)], [true, false]);
    breaker.succeeded();
    assert.deepEqual([breaker.tryEnter(false), breaker.tryEnter(false)], [true, true]);
  });
});
