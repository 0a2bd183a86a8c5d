import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Contestant } from '../../../bench/support/contestants.ts';
import type { Costs } from '../../../bench/support/rounds.ts';
import { seededRandom } from '../../../bench/support/statistics.ts';
import { compare, noise, percent, ratioText, table } from '../../../bench/support/table.ts';

const contestant = (name: string, tracer: Contestant['tracer']): Contestant => ({ name, tracer, protocol: 'grpc' });
const CONTESTANTS = [contestant('off', 'none'), contestant('again', 'none'), contestant('traced', 'ours')];

/** One heat; each argument is what one contestant's requests cost in each round. */
const heat = (...costs: number[][]): Costs => costs.map((own) => own.map((all) => ({ all, main: all / 2 })));

describe('the comparison', () => {
  it('sets each contestant against the mean of the untraced ones in the same round', () => {
    const heats = [heat([90, 180], [110, 220], [110, 220]), heat([50], [50], [60])];
    const [off, again, traced] = compare(CONTESTANTS, heats, seededRandom(1));
    assert.equal(off!.ratio.median, 0.9);
    assert.equal(again!.ratio.median, 1.1);
    assert.equal(traced!.ratio.median, 1.1);
    assert.equal(traced!.all, 110);
    assert.equal(traced!.main, 55);
  });

  it('is not moved by a machine that is slower in some rounds', () => {
    const heats = [heat([100, 300, 100], [100, 300, 100], [105, 315, 105])];
    assert.equal(compare(CONTESTANTS, heats, seededRandom(1))[2]!.ratio.median, 1.05);
  });

  it('says the noise as the second by the first', () => {
    assert.equal(noise([heat([100, 100, 200], [110, 110, 220], [1, 1, 1])], seededRandom(1)).median, 1.1);
  });
});

describe('the text of figures', () => {
  it('shows ratios with their interval', () => {
    assert.equal(ratioText({ median: 1.0341, interval: { low: 0.99, high: 1.0479 } }), '×1.034 [0.990, 1.048]');
  });

  it('shows what is more and what is less', () => {
    assert.equal(percent(1.034), '+3.4 %');
    assert.equal(percent(0.975), '−2.5 %');
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
