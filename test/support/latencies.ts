/** How long uploads took to a gateway that traces, and in the same moments to its twin that does not. */

/** Milliseconds of each upload. */
export interface Latencies {
  readonly traced: number[];
  readonly twin: number[];
}

export const noLatencies = (): Latencies => ({ traced: [], twin: [] });

/** The value below which a share of all lies; NaN if there is none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** What the longest may take more than the longest to the twin. */
const MOST_MILLIS = 3_000;

/**
 * Whether uploads were held up that were not with the twin. Wide enough for a busy machine: it tells a stall from noise, not what
 * tracing costs, which is for the benchmarks.
 */
export function isStalled({ traced, twin }: Latencies): boolean {
  return (
    quantile(traced, 0.99) > 10 * quantile(twin, 0.99) + 250 || quantile(traced, 1) > quantile(twin, 1) + MOST_MILLIS
  );
}

/** Median, 99th percentile and the longest, for people. */
export function latencyText(millis: readonly number[]): string {
  const [half, most, longest] = [0.5, 0.99, 1].map((share) => quantile(millis, share).toFixed(1));
  return `${half} ms, 99 % below ${most} ms, the longest ${longest} ms`;
}
