/** The rate at which a client sends its body, compared with the required minimum. */
import { Failure } from './failure.ts';
import type { Pace } from './pace.ts';

export class LeastRate {
  readonly #pace: Pace;
  /** Received bytes, and milliseconds of waiting for them, since the last comparison. */
  #came = 0;
  #waited = 0;

  constructor(pace: Pace) {
    this.#pace = pace;
  }

  waited(millis: number): void {
    this.#waited += millis;
  }

  /** @throws Failure client_stalled if the rate was too low for the idle timeout. */
  came(bytes: number): void {
    this.#came += bytes;
    const { idleMillis, leastRate } = this.#pace;
    if (this.#waited < idleMillis) return;
    if (this.#came * 1000 < this.#waited * leastRate) {
      throw new Failure('client_stalled', 'The body arrives too slowly.', { reason: 'below_minimum_rate' });
    }
    this.#came = this.#waited = 0;
  }
}
