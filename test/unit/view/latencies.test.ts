import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Latencies, PERIOD_MILLIS } from '../../../src/view/latencies.ts';

const START = Date.parse('2026-03-01T12:00:00Z');

describe('latencies', () => {
  it('have one point for each period of ten seconds that has calls', () => {
    const latencies = new Latencies();
    latencies.add(0.5, false, START);
    latencies.add(1.5, true, START + 9_999);
    latencies.add(3, false, START + 30_000);
    assert.deepEqual(latencies.points(START + 30_000), [
      { at: START, calls: 2, failures: 1, mean_seconds: 1, max_seconds: 1.5 },
      { at: START + 30_000, calls: 1, failures: 0, mean_seconds: 3, max_seconds: 3 },
    ]);
  });

  it('begin at multiples of ten seconds, whatever the time of the call', () => {
    const latencies = new Latencies();
    latencies.add(1, false, START + 3_456);
    assert.equal(latencies.points(START + 3_456)[0]?.at, START);
    assert.equal(START % PERIOD_MILLIS, 0);
  });

  it('are those of the last 15 minutes', () => {
    const latencies = new Latencies();
    for (let i = 0; i < 300; i++) latencies.add(i, false, START + i * PERIOD_MILLIS);
    const points = latencies.points(START + 299 * PERIOD_MILLIS);
    assert.deepEqual(
      points.map(({ max_seconds }) => max_seconds),
      Array.from({ length: 90 }, (_, i) => 210 + i),
    );
    assert.deepEqual(latencies.points(START + 400 * PERIOD_MILLIS), []);
  });
});
