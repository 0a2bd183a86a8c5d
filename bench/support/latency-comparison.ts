/** Latencies as text for a terminal: each contestant's relative to the contestants of its `against`. */
import type { Contestant } from './contestant.ts';
import type { Latencies, Latency } from './latency.ts';
import { median, type Random } from './statistics.ts';
import { type Estimate, estimateOf, ratioText, table } from './table.ts';

export interface LatencyComparison<C extends Contestant> {
  readonly contestant: C;
  /** Median latency of a round relative to the mean of the contestants of `against`, in the same round. */
  readonly median: Estimate;
  /** The same for the 95th percentile. */
  readonly p95: Estimate;
  readonly millis: number;
}

export function compareLatencies<C extends Contestant>(
  contestants: readonly C[],
  heats: readonly Latencies[],
  random: Random,
): LatencyComparison<C>[] {
  return contestants.map((contestant, i) => {
    const others = contestant.against.map((other) => contestants.findIndex((one) => one.name === other));
    const ratio = (of: keyof Latency): Estimate => latencyRatio(heats, of, i, others, random);
    const millis = median(heats.flatMap((latencies) => latencies[i]!.map((one) => one.median)));
    return { contestant, median: ratio('median'), p95: ratio('p95'), millis };
  });
}

/** What the second contestant, which does the same as the first, takes more. */
export function latencyNoise(heats: readonly Latencies[], random: Random): Estimate {
  return latencyRatio(heats, 'median', 1, [0], random);
}

/** @param index and @param others in the order of the latencies. */
function latencyRatio(
  heats: readonly Latencies[],
  of: keyof Latency,
  index: number,
  others: readonly number[],
  random: Random,
): Estimate {
  const ratios = heats.map((latencies) =>
    latencies[index]!.map((own, round) => {
      const base = others.reduce((sum, other) => sum + latencies[other]![round]![of], 0) / others.length;
      return own[of] / base;
    }),
  );
  return estimateOf(ratios, random);
}

export function latencyTable(comparisons: readonly LatencyComparison<Contestant>[]): string {
  const rows = comparisons.map(({ contestant, median: middle, p95, millis }) => [
    contestant.name,
    ratioText(middle),
    ratioText(p95),
    millis.toFixed(2),
  ]);
  return table([['', 'median [95 % interval]', '95th percentile [95 % interval]', 'ms'], ...rows]);
}
