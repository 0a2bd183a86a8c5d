/**
 * What is said of many noisy measurements: the median, how far it can be trusted, and randomness that a seed repeats.
 * Medians, because on a shared machine a few turns are always hit by somebody else's work.
 */

/** Numbers in [0, 1). */
export type Random = () => number;

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** @param values at least one. */
export function median(values: readonly number[]): number {
  return quantile(Float64Array.from(values).sort(), 0.5);
}

/**
 * The percentile bootstrap of the median over all values (Efron 1979): how it would have varied had everything been done
 * anew. Values of one group have something in common, so groups are drawn first, and then as many values of each.
 * @param level share of the resampled medians that lie inside, such as 0.95.
 */
export function medianInterval(
  groups: readonly (readonly number[])[],
  random: Random,
  level = 0.95,
  resamples = 4_000,
): Interval {
  const medians = new Float64Array(resamples);
  for (let i = 0; i < resamples; i++) {
    const drawn = groups.flatMap(() => drawAgain(drawOne(groups, random), random));
    medians[i] = quantile(Float64Array.from(drawn).sort(), 0.5);
  }
  medians.sort();
  return { low: quantile(medians, (1 - level) / 2), high: quantile(medians, (1 + level) / 2) };
}

function drawAgain<T>(items: readonly T[], random: Random): T[] {
  return items.map(() => drawOne(items, random));
}

function drawOne<T>(items: readonly T[], random: Random): T {
  return items[Math.floor(random() * items.length)]!;
}

/** Between two neighbours by their distance (definition 7 of Hyndman and Fan 1996). */
function quantile(sorted: Float64Array, share: number): number {
  const at = (sorted.length - 1) * share;
  const below = sorted[Math.floor(at)]!;
  return below + (sorted[Math.ceil(at)]! - below) * (at - Math.floor(at));
}

/** Mulberry32 (Tommy Ettinger): small, fast, and good enough to draw rounds with. */
export function seededRandom(seed: number): Random {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

/** A copy in random order (Fisher and Yates). */
export function shuffled<T>(items: readonly T[], random: Random): T[] {
  const order = [...items];
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}
