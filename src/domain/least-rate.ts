/** The rate at which a client sends its body, judged against the pace that it must keep. */
import { Failure } from './failure.ts';
import type { Pace } from './pace.ts';

export class LeastRate {
  readonly #pace: Pace;
  /** Bytes that came, and milliseconds that were waited for them, since the rate was judged last. */
  #came = 0;
  #waited = 0;

  constructor(pace: Pace) {
    this.#pace = pace;
  }

  waited(millis: number): void {
    this.#waited += millis;
  }

  /** @throws Failure client_stalled if the rate was too low for as long as a client may stand still. */
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
