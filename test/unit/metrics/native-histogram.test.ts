import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NativeHistogram, ZERO_THRESHOLD } from '../../../src/metrics/native-histogram.ts';

/** By comparison with the bounds 2^(i/8), and not by a logarithm. */
function bucketOf(value: number): number {
  let index = -240;
  while (index < 192 && value > 2 ** (index / 8)) index++;
  return index;
}

function countsOf(histogram: NativeHistogram): Map<number, number> {
  return new Map(
    histogram.spans().flatMap(({ first, counts }) => counts.map((count, i) => [first + i, count] as const)),
  );
}

describe('a native histogram', () => {
  it('counts each value in the bucket of the powers of two around it, in any order', () => {
    const histogram = new NativeHistogram();
    const expected = new Map<number, number>();
    const values = Array.from({ length: 4_000 }, (_, i) => 1.0123 ** (((i * 1_237) % 4_000) - 1_700)).filter(
      (value) => value > ZERO_THRESHOLD,
    );
    for (const value of values) {
      histogram.observe(value);
      expected.set(bucketOf(value), (expected.get(bucketOf(value)) ?? 0) + 1);
    }
    assert.deepEqual(countsOf(histogram), expected);
    assert.ok(expected.size > 350);
    assert.equal(histogram.zeroCount, 0);
  });

  it('counts a bound and the next number in the buckets on both sides', () => {
    for (let index = -239; index < 192; index++) {
      const histogram = new NativeHistogram();
      const bound = 2 ** (index / 8);
      for (const value of [bound, bound * (1 + Number.EPSILON)]) histogram.observe(value);
      const found = [...countsOf(histogram).keys()];
      // Of bounds that are not a power of two, 2 ** (index / 8) is rounded.
      if (index % 8 === 0) assert.deepEqual(found, [index, index + 1]);
      else for (const one of found) assert.ok(one === index || one === index + 1, `${one} for the bound of ${index}`);
    }
  });

  it('counts a power of two in the bucket that it ends', () => {
    const histogram = new NativeHistogram();
    for (const value of [0.25, 1, 8]) histogram.observe(value);
    assert.deepEqual(histogram.spans(), [
      { first: -16, counts: [1] },
      { first: 0, counts: [1] },
      { first: 24, counts: [1] },
    ]);
  });

  it('counts what no clock shows as zero, and all that is very long in the last bucket', () => {
    const histogram = new NativeHistogram();
    for (const value of [0, -1, Number.NaN, ZERO_THRESHOLD, 2 ** 24, 2 ** 40, Number.POSITIVE_INFINITY])
      histogram.observe(value);
    assert.equal(histogram.zeroCount, 4);
    assert.deepEqual(histogram.spans(), [{ first: 192, counts: [3] }]);
  });

  it('puts neighbours into one span', () => {
    const histogram = new NativeHistogram();
    for (const index of [3, 5, 4, 9, 5]) histogram.observe(2 ** ((index - 0.5) / 8));
    assert.deepEqual(histogram.spans(), [
      { first: 3, counts: [1, 1, 2] },
      { first: 9, counts: [1] },
    ]);
  });

  it('adds the plain counts of another', () => {
    const [one, other] = [new NativeHistogram(), new NativeHistogram()];
    for (const value of [0, 0.5, 1]) one.observe(value);
    for (const value of [0, 0.001, 1, 100]) other.observe(value);
    one.add(structuredClone(other.plain));
    assert.equal(one.zeroCount, 2);
    assert.deepEqual(
      [...countsOf(one)],
      [
        [bucketOf(0.001), 1],
        [-8, 1],
        [0, 2],
        [bucketOf(100), 1],
      ],
    );
    assert.deepEqual(new NativeHistogram().spans(), []);
  });
});
