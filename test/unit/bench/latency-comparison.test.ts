import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { halfLoad } from '../../../bench/support/latency.ts';
import { compareLatencies, latencyNoise, latencyTable } from '../../../bench/support/latency-comparison.ts';
import { seededRandom } from '../../../bench/support/statistics.ts';

const against = ['first', 'second'];
const contestants = [
  { name: 'first', against },
  { name: 'second', against },
  { name: 'traced', against },
];
const same = (value: number) => ({ median: value, p95: 3 * value });

describe('the comparison of latencies', () => {
  it('is by the mean of the others in the same round', () => {
    const heat = [
      [same(1), same(2)],
      [same(3), same(6)],
      [same(2.2), same(4.4)],
    ];
    const [first, second, traced] = compareLatencies(contestants, [heat, heat], seededRandom(1));
    assert.equal(first!.median.median, 0.5);
    assert.equal(second!.p95.median, 1.5);
    assert.equal(traced!.median.median.toFixed(6), '1.100000');
    assert.deepEqual(traced!.p95, traced!.median);
    assert.equal(traced!.millis.toFixed(6), '3.300000');
  });

  it('has the second by the first as noise', () => {
    const heat = [
      [same(2), same(4)],
      [same(3), same(6)],
    ];
    assert.equal(latencyNoise([heat], seededRandom(1)).median, 1.5);
  });

  it('has a row for each contestant', () => {
    const heat = [[same(1)], [same(1)], [same(1.25)]];
    const rows = latencyTable(compareLatencies(contestants, [heat], seededRandom(1)))
      .trimEnd()
      .split('\n');
    assert.equal(rows.length, 4);
    assert.match(rows[3]!, /^ {2}traced +×1\.250 \[1\.250, 1\.250\] +×1\.250 \[1\.250, 1\.250\] +1\.25$/);
  });

  it('is made at half of the rate of the first', () => {
    const cost = (clock: number) => ({ all: 1, main: 1, clock });
    assert.equal(halfLoad([[cost(1000), cost(500), cost(2000)], [cost(1)]]), 500);
  });
});
