/** The calls to one service in the last 15 minutes, by periods of ten seconds: a few numbers each, in a ring that is allocated once. */
import type { LatencyPoint } from './documents.ts';

/** Milliseconds. Periods begin at its multiples, so that those of several processes can be merged. */
export const PERIOD_MILLIS = 10_000;
const PERIODS = 90;

export class Latencies {
  /** Number of the period that a slot has, in periods since 1970. */
  readonly #periods = new Float64Array(PERIODS);
  readonly #calls = new Float64Array(PERIODS);
  readonly #failures = new Float64Array(PERIODS);
  readonly #seconds = new Float64Array(PERIODS);
  readonly #longest = new Float64Array(PERIODS);

  /** @param now milliseconds of Unix time. */
  add(seconds: number, failed: boolean, now: number): void {
    const period = Math.floor(now / PERIOD_MILLIS);
    const slot = period % PERIODS;
    if (this.#periods[slot] !== period) this.#begin(slot, period);
    this.#calls[slot]!++;
    if (failed) this.#failures[slot]!++;
    this.#seconds[slot]! += seconds;
    if (seconds > this.#longest[slot]!) this.#longest[slot] = seconds;
  }

  /** Oldest first. */
  points(now: number): LatencyPoint[] {
    const last = Math.floor(now / PERIOD_MILLIS);
    const points: LatencyPoint[] = [];
    for (let period = last - PERIODS + 1; period <= last; period++) {
      const slot = period % PERIODS;
      if (this.#periods[slot] === period) points.push(this.#point(slot));
    }
    return points;
  }

  #begin(slot: number, period: number): void {
    this.#periods[slot] = period;
    this.#calls[slot] = this.#failures[slot] = this.#seconds[slot] = this.#longest[slot] = 0;
  }

  #point(slot: number): LatencyPoint {
    const calls = this.#calls[slot]!;
    return {
      at: this.#periods[slot]! * PERIOD_MILLIS,
      calls,
      failures: this.#failures[slot]!,
      mean_seconds: this.#seconds[slot]! / calls,
      max_seconds: this.#longest[slot]!,
    };
  }
}
