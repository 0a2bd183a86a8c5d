/**
 * A timeout for responses from other processes that does not count while this process is busy. It consists of ten intervals: one
 * that fires late, because the event loop was blocked, counts as one. Bytes that have already arrived are read before the timeout
 * is reported. Most clocks are stopped early, so those with the same timeout share one timer up to their last interval.
 */
import { performance } from 'node:perf_hooks';
import { type Aged, AgeList } from './age-list.ts';

const INTERVALS = 10;

export class FairClock implements Aged<FairClock> {
  older: FairClock | undefined;
  newer: FairClock | undefined;
  /** By the time of its intervals; undefined before it is in their list, and behind it. */
  end: number | undefined;
  readonly #late: () => void;
  readonly #intervals: Intervals;
  #timer: NodeJS.Timeout | undefined;
  #last: NodeJS.Immediate | undefined;

  /** @param late is called at the timeout, unless the clock is stopped before. */
  constructor(millis: number, late: () => void) {
    this.#late = late;
    this.#intervals = Intervals.of(millis);
    this.#intervals.add(this);
  }

  stop(): void {
    this.#intervals.remove(this);
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    clearImmediate(this.#last);
  }

  /** @param millis the rest of its last interval. */
  endIn(millis: number): void {
    this.#timer = setTimeout(() => {
      // Timers run before sockets are read, immediates run after.
      this.#last = setImmediate(this.#late);
    }, millis);
  }
}

/** The timer of all clocks with the same timeout. It runs until an interval ends in which no clock was left. */
class Intervals {
  static readonly #all = new Map<number, Intervals>();

  static of(millis: number): Intervals {
    let intervals = Intervals.#all.get(millis);
    if (intervals === undefined) Intervals.#all.set(millis, (intervals = new Intervals(millis)));
    return intervals;
  }

  readonly #millis: number;
  readonly #interval: number;
  readonly #timer: NodeJS.Timeout;
  /** In the order of their begin, which is that of their end. */
  readonly #clocks = new AgeList<FairClock>();
  /** Milliseconds of the intervals until now, and when the latest one ended. */
  #passed = 0;
  #since = performance.now();

  private constructor(millis: number) {
    this.#millis = millis;
    this.#interval = millis / INTERVALS;
    this.#timer = setInterval(() => this.#next(), this.#interval);
  }

  add(clock: FairClock): void {
    if (this.#clocks.oldest === undefined) this.#timer.ref();
    const elapsed = Math.min(performance.now() - this.#since, this.#interval);
    clock.end = this.#passed + elapsed + this.#millis;
    this.#clocks.add(clock);
  }

  /** Safe to call twice. */
  remove(clock: FairClock): void {
    if (clock.end === undefined) return;
    clock.end = undefined;
    this.#clocks.remove(clock);
    if (this.#clocks.oldest === undefined) this.#timer.unref();
  }

  #next(): void {
    this.#passed += this.#interval;
    this.#since = performance.now();
    if (this.#clocks.oldest === undefined) this.#stop();
    for (let clock = this.#clocks.oldest; clock !== undefined; clock = this.#clocks.oldest) {
      const left = (clock.end as number) - this.#passed;
      if (left >= this.#interval) return;
      this.remove(clock);
      clock.endIn(left);
    }
  }

  #stop(): void {
    clearInterval(this.#timer);
    Intervals.#all.delete(this.#millis);
  }
}
