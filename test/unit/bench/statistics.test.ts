import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { median, medianInterval, seededRandom, shuffled } from '../../../bench/support/statistics.ts';

describe('median', () => {
  it('is the value in the middle, or between the two in the middle', () => {
    assert.equal(median([3, 1, 2]), 2);
    assert.equal(median([4, 1, 3, 2]), 2.5);
    assert.equal(median([7]), 7);
  });

  it('compares numbers as numbers and leaves its input as it was', () => {
    const values = [10, 9, 100];
    assert.equal(median(values), 10);
    assert.deepEqual(values, [10, 9, 100]);
  });

  it('is not moved by one wild turn', () => {
    assert.equal(median([1.01, 1.02, 1.03, 1.02, 50]), 1.02);
  });
});

describe('the bootstrap of the median', () => {
  it('has the ends that its exact distribution has', () => {
    // For odd n, P(median* <= x(k)) = P(Binomial(n, k/n) >= (n+1)/2) (Maritz and Jarrett 1978).
    const n = 21;
    const values = Array.from({ length: n }, (_, i) => i + 1);
    const atMost = (k: number): number => binomialAtLeast(n, k / n, (n + 1) / 2);
    const firstAtLeast = (share: number): number => values.find((k) => atMost(k) >= share)!;
    const { low, high } = medianInterval([values], seededRandom(1), 0.95, 20_000);
    assert.equal(low, firstAtLeast(0.025));
    assert.equal(high, firstAtLeast(0.975));
  });

  it('covers the true median about as often as it claims', () => {
    const random = seededRandom(7);
    let covered = 0;
    for (let run = 0; run < 400; run++) {
      const values = Array.from({ length: 25 }, () => 1 + random() * random());
      const { low, high } = medianInterval([values], random, 0.95, 300);
      if (low <= MEDIAN_OF_PRODUCT && MEDIAN_OF_PRODUCT <= high) covered++;
    }
    assert.ok(covered / 400 > 0.9 && covered / 400 < 0.99, `${covered} of 400`);
  });

  it('is the same for the same seed', () => {
    const values = [1.1, 0.9, 1.3, 1.02, 0.99, 1.2];
    const run = () => medianInterval([values], seededRandom(42));
    assert.deepEqual(run(), run());
  });

  it('is not deceived by many values of few groups', () => {
    // Rounds that agree within heats that do not: what is uncertain is the heat.
    const heat = (at: number): number[] => Array.from({ length: 20 }, (_, i) => at + i / 1000);
    const heats = [1, 1.05, 1.1, 1.15, 1.2].map(heat);
    const { low, high } = medianInterval(heats, seededRandom(9));
    assert.ok(low < 1.06 && high > 1.15, `${low} to ${high}`);
    const pooled = medianInterval([heats.flat()], seededRandom(9));
    assert.ok(pooled.low > 1.06 && pooled.high < 1.15, `${pooled.low} to ${pooled.high}`);
  });

  it('has no width where all rounds agree', () => {
    assert.deepEqual(medianInterval([[2, 2, 2]], seededRandom(3)), { low: 2, high: 2 });
  });
});

describe('seeded randomness', () => {
  it('is uniform over [0, 1)', () => {
    const random = seededRandom(11);
    const tenths = new Array<number>(10).fill(0);
    for (let i = 0; i < 100_000; i++) tenths[Math.floor(random() * 10)]!++;
    for (const count of tenths) assert.ok(Math.abs(count - 10_000) < 500, `${tenths}`);
  });

  it('shuffles into every order equally often, and loses nothing', () => {
    const random = seededRandom(5);
    const orders = new Map<string, number>();
    for (let i = 0; i < 6_000; i++) {
      const order = shuffled(['a', 'b', 'c'], random).join('');
      orders.set(order, (orders.get(order) ?? 0) + 1);
    }
    assert.equal(orders.size, 6);
    for (const count of orders.values()) assert.ok(Math.abs(count - 1_000) < 150, `${[...orders]}`);
  });
});

/** Of the product of two uniform numbers: the m for which m - m ln m = 1/2, shifted by one as the values are. */
const MEDIAN_OF_PRODUCT = 1.186682;

function binomialAtLeast(n: number, p: number, least: number): number {
  let sum = 0;
  for (let k = least; k <= n; k++) sum += choose(n, k) * p ** k * (1 - p) ** (n - k);
  return sum;
}

function choose(n: number, k: number): number {
  let ways = 1;
  for (let i = 1; i <= k; i++) ways = (ways * (n - k + i)) / i;
  return ways;
}
