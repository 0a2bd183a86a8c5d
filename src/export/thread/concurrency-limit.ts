/** Batches in their order, in parallel up to a limit: enough to hide the round trip to the collector, too few to burden it. */

export class ConcurrencyLimit<T> {
  readonly #limit: number;
  readonly #work: (item: T) => Promise<void>;
  readonly #waiting: T[] = [];
  readonly #idle: (() => void)[] = [];
  #busy = 0;

  /** @param limit most items in work at once. @param work must not reject. */
  constructor(limit: number, work: (item: T) => Promise<void>) {
    this.#limit = limit;
    this.#work = work;
  }

  add(item: T): void {
    this.#waiting.push(item);
    this.#next();
  }

  /** Resolves when nothing waits and nothing runs. */
  idle(): Promise<void> {
    if (this.#busy === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  #next(): void {
    if (this.#busy >= this.#limit) return;
    const item = this.#waiting.shift();
    if (item === undefined) {
      if (this.#busy === 0) for (const resolve of this.#idle.splice(0)) resolve();
      return;
    }
    this.#busy++;
    void this.#work(item).finally(() => {
      this.#busy--;
      this.#next();
    });
  }
}
