import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Gate } from '../../../../src/tracing/exporter/gate.ts';

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

  it('obeys the collector, a minute at most, and no other batch slips through', () => {
    const { gate, clock } = gateAt(0);
    gate.close(clock.time, 5_000);
    gate.close(clock.time, 1_000);
    assert.equal(gate.waitMillis(false), 5_000);
    gate.open();
    assert.equal(gate.waitMillis(false), 5_000, 'an attempt that was on its way does not undo the wish');
    gate.close(clock.time, 100_000_000);
    assert.equal(gate.waitMillis(false), 60_000);
    clock.time += 60_000;
    assert.equal(gate.waitMillis(false), 0);
  });

  it('is opened early in a hurry, but not against the wish of the collector', () => {
    const { gate, clock } = gateAt(1);
    gate.close(clock.time, undefined);
    assert.equal(gate.waitMillis(true), 0);
    gate.close(clock.time, 300);
    assert.equal(gate.waitMillis(true), 300);
  });
});
