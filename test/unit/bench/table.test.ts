import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Contestant } from '../../../bench/support/contestant.ts';
import type { Costs } from '../../../bench/support/rounds.ts';
import { seededRandom } from '../../../bench/support/statistics.ts';
import {
  compare,
  differenceText,
  inverse,
  noise,
  percent,
  ratioText,
  table,
  verdict,
} from '../../../bench/support/table.ts';

const against = ['off', 'again'];
const CONTESTANTS: readonly Contestant[] = ['off', 'again', 'traced'].map((name) => ({ name, against }));

/** One heat; each argument is what one contestant's requests cost in each round. */
const heat = (...costs: number[][]): Costs =>
  costs.map((own) => own.map((all) => ({ all, main: all / 2, clock: all })));

describe('the comparison', () => {
  it('sets each contestant against the mean of its opponents in the same round', () => {
    const heats = [heat([90, 180], [110, 220], [110, 220]), heat([50], [50], [60])];
    const [off, again, traced] = compare(CONTESTANTS, heats, seededRandom(1));
    assert.equal(off!.ratio.median, 0.9);
    assert.equal(again!.ratio.median, 1.1);
    assert.equal(traced!.ratio.median, 1.1);
    assert.equal(traced!.all, 110);
    assert.equal(traced!.main, 55);
  });

  it('has the same as a difference', () => {
    const heats = [heat([90, 180, 100], [110, 220, 100], [130, 231, 130])];
    assert.equal(compare(CONTESTANTS, heats, seededRandom(1))[2]!.difference.median, 30);
  });

  it('sets each contestant against its own opponents', () => {
    const contestants = [...CONTESTANTS, { name: 'last', against: ['traced'] }];
    const heats = [heat([100], [100], [200], [250])];
    assert.equal(compare(contestants, heats, seededRandom(1))[3]!.ratio.median, 1.25);
  });

  it('is not moved by a machine that is slower in some rounds', () => {
    const heats = [heat([100, 300, 100], [100, 300, 100], [105, 315, 105])];
    assert.equal(compare(CONTESTANTS, heats, seededRandom(1))[2]!.ratio.median, 1.05);
  });

  it('is the same seen from the other side', () => {
    const { median, interval } = inverse({ median: 4, interval: { low: 2, high: 5 } });
    assert.deepEqual({ median, interval }, { median: 0.25, interval: { low: 0.2, high: 0.5 } });
  });

  it('has the noise as the second divided by the first', () => {
    assert.equal(noise([heat([100, 100, 200], [110, 110, 220], [1, 1, 1])], seededRandom(1)).median, 1.1);
  });
});

describe('the text of figures', () => {
  it('shows ratios with their interval', () => {
    assert.equal(ratioText({ median: 1.0341, interval: { low: 0.99, high: 1.0479 } }), '×1.034 [0.990, 1.048]');
  });

  it('shows more with a plus and less with a minus', () => {
    assert.equal(percent(1.034), '+3.4 %');
    assert.equal(percent(0.975), '−2.5 %');
  });

  it('shows differences with their interval', () => {
    assert.equal(differenceText({ median: 31.24, interval: { low: -0.26, high: 40 } }), '+31.2 [−0.3, +40.0]');
  });

  it('shows whether a target is met, and whether that is certain', () => {
    const at = (median: number, low: number, high: number) => verdict({ median, interval: { low, high } }, 40);
    assert.equal(at(30, 20, 39), 'met');
    assert.equal(at(30, 20, 41), 'met, but not certainly');
    assert.equal(at(50, 39, 60), 'missed, but not certainly');
    assert.equal(at(50, 41, 60), 'missed');
  });

  it('aligns columns', () => {
    const rows = [
      ['', 'µs'],
      ['off', '9.0'],
      ['traced', '10.5'],
    ];
    assert.equal(table(rows), '             µs\n  off       9.0\n  traced   10.5\n');
  });
});
