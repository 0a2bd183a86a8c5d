/** Batches in their order, a few at a time: enough to hide the way to the collector, too few to be a burden to it. */

export class Lanes<T> {
  readonly #width: number;
  readonly #work: (item: T) => Promise<void>;
  readonly #waiting: T[] = [];
  readonly #idle: (() => void)[] = [];
  #busy = 0;

  /** @param work must not reject. */
  constructor(width: number, work: (item: T) => Promise<void>) {
    this.#width = width;
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
    if (this.#busy >= this.#width) return;
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
