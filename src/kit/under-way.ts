/**
 * How much is under way, and when nothing is any more. Only a number: a `Set` of what is under way costs far more than it looks like
 * in a process that runs for long (docs/decisions/short-lived-entries.md).
 */
export class UnderWay {
  #count = 0;
  #waiting: (() => void)[] = [];

  /** Counts until it has settled. @returns what settles thereafter, as `work` does. */
  watch<T>(work: Promise<T>): Promise<T> {
    this.#count++;
    return work.finally(() => this.#ended());
  }

  /** Resolved as soon as nothing is under way: at once, perhaps. */
  async none(): Promise<void> {
    if (this.#count > 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #ended(): void {
    this.#count--;
    if (this.#count > 0) return;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
