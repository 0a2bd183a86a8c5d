/** A lock per name, which makes "check, then write" atomic. */

export class KeyLock {
  readonly #tails = new Map<string, Promise<unknown>>();

  /** Runs `work` after all earlier work of this name. */
  async run<T>(name: string, work: () => Promise<T>): Promise<T> {
    const earlier = this.#tails.get(name) ?? Promise.resolve();
    const mine = earlier.then(work, work);
    const tail = mine.catch(() => {});
    this.#tails.set(name, tail);
    try {
      return await mine;
    } finally {
      if (this.#tails.get(name) === tail) this.#tails.delete(name);
    }
  }
}
