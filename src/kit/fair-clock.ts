/**
 * A timeout for responses from other processes that does not count while this process is busy. It consists of ten intervals: one
 * that fires late, because the event loop was blocked, counts as one. Bytes that have already arrived are read before the timeout
 * is reported.
 */

const STEPS = 10;

export class FairClock {
  readonly #late: () => void;
  #timer: NodeJS.Timeout | undefined;
  #last: NodeJS.Immediate | undefined;

  /** @param late is called at the timeout, unless the clock is stopped before. */
  constructor(millis: number, late: () => void) {
    this.#late = late;
    this.#step(millis / STEPS, STEPS);
  }

  stop(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#last);
  }

  #step(millis: number, left: number): void {
    this.#timer = setTimeout(() => {
      // Timers run before sockets are read, immediates run after.
      if (left === 1) this.#last = setImmediate(this.#late);
      else this.#step(millis, left - 1);
    }, millis);
  }
}
