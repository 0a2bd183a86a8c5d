/**
 * The buckets of a native histogram (Prometheus, "Native Histograms", schema 3): each ends 9 % above the one before it, so that a
 * quantile is at most 9 % wrong. Values of one histogram fill some 50 of them.
 */

/** 2^3 buckets for each power of two. */
export const SCHEMA = 3;
const BUCKETS_OF_POWER = 2 ** SCHEMA;
/** Values up to this one are in the zero bucket. Seconds: less than a clock shows. */
export const ZERO_THRESHOLD = 2 ** -30;
/** The bucket of all values from 2^24 on: 194 days. */
const LAST = 24 * BUCKETS_OF_POWER;

/** The bounds between 1 and 2. */
const BOUNDS = Array.from({ length: BUCKETS_OF_POWER }, (_, i) => 2 ** (i / BUCKETS_OF_POWER));

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
  /** From the lowest bucket with a value to the highest: a Map would cost three times as much for each value. */
  readonly #counts: number[] = [];
  /** The index of the lowest. */
  #first = 0;

  observe(value: number): void {
    if (value > ZERO_THRESHOLD) this.#add(Math.min(LAST, indexOf(value)), 1);
    else this.zeroCount++;
  }

  /** Adds the counts of another histogram. */
  add({ zeroCount, counts }: PlainNativeHistogram): void {
    this.zeroCount += zeroCount;
    for (const [index, count] of counts) this.#add(index, count);
  }

  /** For another process. */
  get plain(): PlainNativeHistogram {
    return { zeroCount: this.zeroCount, counts: [...this.#filled()] };
  }

  /** The buckets that are not empty, in ascending order. */
  spans(): readonly BucketSpan[] {
    const spans: { readonly first: number; readonly counts: number[] }[] = [];
    for (const [index, count] of this.#filled()) {
      const last = spans.at(-1);
      if (last !== undefined && last.first + last.counts.length === index) last.counts.push(count);
      else spans.push({ first: index, counts: [count] });
    }
    return spans;
  }

  *#filled(): Iterable<readonly [index: number, count: number]> {
    for (const [i, count] of this.#counts.entries()) if (count > 0) yield [this.#first + i, count];
  }

  #add(index: number, count: number): void {
    let at = index - this.#first;
    if (at < 0 || at >= this.#counts.length) at = this.#widen(index);
    this.#counts[at]! += count;
  }

  /** @returns where the count of this index is from now on. */
  #widen(index: number): number {
    if (this.#counts.length === 0) this.#first = index;
    for (; this.#first > index; this.#first--) this.#counts.unshift(0);
    while (this.#first + this.#counts.length <= index) this.#counts.push(0);
    return index - this.#first;
  }
}

const FLOAT = new DataView(new ArrayBuffer(8));

/** By the exponent of the number (IEEE 754), and by comparing the rest of it, from 1 to 2. Math.log2 would cost more, and it is not exact. */
function indexOf(value: number): number {
  FLOAT.setFloat64(0, value);
  const high = FLOAT.getUint32(0);
  FLOAT.setUint32(0, (high & 0xf_ff_ff) | 0x3f_f0_00_00);
  const rest = FLOAT.getFloat64(0);
  let index = ((high >>> 20) - 1023) * BUCKETS_OF_POWER;
  for (let i = 0; i < BUCKETS_OF_POWER && rest > BOUNDS[i]!; i++) index++;
  return index;
}
