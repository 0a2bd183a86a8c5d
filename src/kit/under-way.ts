/**
 * Counts work in progress, and resolves when there is none. Only a number: a `Set` is expensive in a long-running process
 * (docs/decisions/short-lived-entries.md).
 */
export class UnderWay {
  #count = 0;
  #waiting: (() => void)[] = [];

  /** Counts the work until it settles. @returns a promise that settles like `work`. */
  watch<T>(work: Promise<T>): Promise<T> {
    this.#count++;
    return work.finally(() => this.#ended());
  }

  /** Resolves when there is no work in progress, possibly at once. */
  async none(): Promise<void> {
    if (this.#count > 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #ended(): void {
    this.#count--;
    if (this.#count > 0) return;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
