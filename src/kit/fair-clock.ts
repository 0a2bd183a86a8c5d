/**
 * A clock for what others owe us, which does not run while this process is busy with something else: it counts in tenths of its
 * time, so that a tenth that comes late, because the event loop stood still, counts as one. At the end the bytes that have come
 * already are read before anybody is called late.
 */

const STEPS = 10;

export class FairClock {
  readonly #late: () => void;
  #timer: NodeJS.Timeout | undefined;
  #last: NodeJS.Immediate | undefined;

  /** @param late is called unless the clock is stopped before. */
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
      // Timers run before sockets are read, immediates after.
      if (left === 1) this.#last = setImmediate(this.#late);
      else this.#step(millis, left - 1);
    }, millis);
  }
}
