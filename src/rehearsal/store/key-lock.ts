/** One at a time for the same name: what makes "look, then write" one step. */

export class KeyLock {
  readonly #tails = new Map<string, Promise<unknown>>();

  /** Runs `work` when all earlier work of this name is over. */
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
