import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BREAKING_FAILURES, Gate } from '../../../../src/tracing/exporter/gate.ts';

function gateAt(jitter: number) {
  const clock = { time: 1_000_000 };
  const gate = new Gate({ now: () => clock.time, random: () => jitter });
  return { gate, clock };
}

describe('the gate before the collector', () => {
  it('is open at first, and after success', () => {
    const { gate, clock } = gateAt(1);
    assert.equal(gate.waitMillis(false), 0);
    gate.close(clock.time, undefined);
    assert.equal(gate.waitMillis(false), 1000);
    gate.open();
    assert.equal(gate.waitMillis(false), 0);
  });

  it('backs off exponentially, up to ten seconds, with full jitter', () => {
    const waits = (jitter: number): number[] => {
      const { gate, clock } = gateAt(jitter);
      return Array.from({ length: 6 }, () => {
        clock.time += 1;
        gate.close(clock.time, undefined);
        const wait = gate.waitMillis(false);
        clock.time += wait;
        return wait;
      });
    };
    assert.deepEqual(waits(1), [1000, 2000, 4000, 8000, 10_000, 10_000]);
    assert.deepEqual(waits(0.5), [500, 1000, 2000, 4000, 5000, 5000]);
    assert.deepEqual(waits(0), [0, 0, 0, 0, 0, 0]);
  });

  it('begins anew after success', () => {
    const { gate, clock } = gateAt(1);
    for (let i = 0; i < 3; i++) gate.close(++clock.time, undefined);
    gate.open();
    gate.close(++clock.time, undefined);
    assert.equal(gate.waitMillis(false), 1000);
  });

  it('counts attempts that ran side by side once', () => {
    const { gate, clock } = gateAt(1);
    const startedAt = clock.time;
    clock.time += 10;
    for (let lane = 0; lane < 4; lane++) gate.close(startedAt, undefined);
    assert.equal(gate.waitMillis(false), 1000);
  });

  it('obeys the collector, fifteen seconds at most, and no other batch slips through', () => {
    const { gate, clock } = gateAt(0);
    gate.close(clock.time, 5_000);
    gate.close(clock.time, 1_000);
    assert.equal(gate.waitMillis(false), 5_000);
    gate.open();
    assert.equal(gate.waitMillis(false), 5_000, 'an attempt that was on its way does not undo the wish');
    gate.close(clock.time, 100_000_000);
    assert.equal(gate.waitMillis(false), 15_000);
    clock.time += 15_000;
    assert.equal(gate.waitMillis(false), 0);
  });

  it('spreads wishes: up to twice as long, ten seconds more at most', () => {
    for (const [wish, jitter, wait] of [
      [4_000, 0.5, 6_000],
      [4_000, 1, 8_000],
      [100_000_000, 0.5, 20_000],
      [100_000_000, 1, 25_000],
      [0, 1, 1_000],
    ] as const) {
      const { gate, clock } = gateAt(jitter);
      gate.close(clock.time, wish);
      assert.equal(gate.waitMillis(false), wait);
      gate.open();
      assert.equal(gate.waitMillis(false), wish === 0 ? 0 : wait, 'that holds after a success that was on its way');
    }
  });

  it('spreads the wish that an attempt at its side was told, too', () => {
    const { gate, clock } = gateAt(0.5);
    const startedAt = clock.time;
    clock.time += 10;
    gate.close(startedAt, undefined);
    gate.close(startedAt, 4_000);
    assert.equal(gate.waitMillis(false), 6_000);
  });

  it('is opened early in a hurry, but not against the wish of the collector', () => {
    const { gate, clock } = gateAt(1);
    gate.close(clock.time, undefined);
    assert.equal(gate.waitMillis(true), 0);
    gate.close(clock.time, 300);
    assert.equal(gate.waitMillis(true), 300);
  });
});

describe('the gate after failures in a row', () => {
  function broken() {
    const states: boolean[] = [];
    const clock = { time: 0 };
    const gate = new Gate({ now: () => clock.time, random: () => 0, onBroken: (state) => states.push(state) });
    for (let failure = 0; failure < BREAKING_FAILURES; failure++) gate.close(++clock.time, undefined);
    return { gate, clock, states };
  }

  it('is broken, and says so once', () => {
    const { gate, clock, states } = broken();
    gate.close(++clock.time, undefined);
    assert.deepEqual([gate.broken, states], [true, [true]]);
    gate.open();
    assert.deepEqual([gate.broken, states], [false, [true, false]]);
  });

  it('is not broken by attempts that ran side by side', () => {
    const gate = new Gate({ now: () => 10, random: () => 0 });
    gate.close(5, undefined);
    for (let lane = 0; lane < BREAKING_FAILURES; lane++) gate.close(4, undefined);
    assert.equal(gate.broken, false);
  });

  it('lets one batch try at a time, and the others know what came of it', async () => {
    const { gate, clock } = broken();
    assert.deepEqual([gate.enter(false), gate.enter(false), gate.enter(true)], [true, false, true]);
    const news = gate.news();
    gate.close(++clock.time, undefined);
    await news;
    assert.deepEqual([gate.enter(false), gate.enter(false)], [true, false]);
    gate.open();
    assert.deepEqual([gate.enter(false), gate.enter(false)], [true, true]);
  });
});
