/**
 * The buckets of a native histogram (Prometheus, "Native Histograms", schema 3): each ends 9 % above the one before it, so that a
 * quantile is at most 9 % wrong. Values of one histogram fill some 50 of them.
 */

/** 2^3 buckets for each power of two. */
export const SCHEMA = 3;
/** Values up to this one are in the zero bucket. Seconds: less than a clock shows. */
export const ZERO_THRESHOLD = 2 ** -30;
/** The bucket of all values from 2^24 on: 194 days. */
const LAST = 24 * 2 ** SCHEMA;

/** Consecutive buckets, from the index of the first. */
export interface BucketSpan {
  readonly first: number;
  readonly counts: readonly number[];
}

export interface PlainNativeHistogram {
  readonly zeroCount: number;
  readonly counts: readonly (readonly [index: number, count: number])[];
}

export class NativeHistogram {
  zeroCount = 0;
  readonly #counts = new Map<number, number>();

  observe(value: number): void {
    if (!(value > ZERO_THRESHOLD)) {
      this.zeroCount++;
      return;
    }
    const index = Math.min(LAST, Math.ceil(Math.log2(value) * 2 ** SCHEMA));
    this.#counts.set(index, (this.#counts.get(index) ?? 0) + 1);
  }

  /** Adds the counts of another histogram. */
  add({ zeroCount, counts }: PlainNativeHistogram): void {
    this.zeroCount += zeroCount;
    for (const [index, count] of counts) this.#counts.set(index, (this.#counts.get(index) ?? 0) + count);
  }

  /** For another process. */
  get plain(): PlainNativeHistogram {
    return { zeroCount: this.zeroCount, counts: [...this.#counts] };
  }

  /** The buckets that are not empty, in ascending order. */
  spans(): readonly BucketSpan[] {
    const spans: { readonly first: number; readonly counts: number[] }[] = [];
    for (const [index, count] of [...this.#counts].sort(([a], [b]) => a - b)) {
      const last = spans.at(-1);
      if (last !== undefined && last.first + last.counts.length === index) last.counts.push(count);
      else spans.push({ first: index, counts: [count] });
    }
    return spans;
  }
}
