/** A maximum of traces per second: a bucket that fills evenly, and holds what one second fills. */
import { performance } from 'node:perf_hooks';

export class RateCap {
  readonly #perSecond: number;
  readonly #most: number;
  readonly #now: () => number;
  #tokens: number;
  #filledAt: number;

  /** @param perSecond more than 0. @param now monotonic milliseconds. */
  constructor(perSecond: number, now: () => number = () => performance.now()) {
    this.#perSecond = perSecond;
    this.#most = Math.max(1, perSecond);
    this.#now = now;
    this.#tokens = this.#most;
    this.#filledAt = now();
  }

  /** Whether there may be one more; if so it counts. */
  take(): boolean {
    const now = this.#now();
    this.#tokens = Math.min(this.#most, this.#tokens + ((now - this.#filledAt) / 1000) * this.#perSecond);
    this.#filledAt = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
