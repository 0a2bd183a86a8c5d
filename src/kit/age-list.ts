/**
 * Things in the order in which they came, of which any may go at any time. Items carry their neighbours themselves: a `Map` keeps the
 * order, too, but costs far more than it looks like where entries live for a request (docs/decisions/short-lived-entries.md).
 */
export interface Aged<T> {
  /** Undefined outside of a list, and so is `newer`. Nobody but the list changes them. */
  older: T | undefined;
  newer: T | undefined;
}

export class AgeList<T extends Aged<T>> {
  #oldest: T | undefined;
  #newest: T | undefined;

  get oldest(): T | undefined {
    return this.#oldest;
  }

  /** @param item in no list. */
  add(item: T): void {
    item.older = this.#newest;
    if (this.#newest === undefined) this.#oldest = item;
    else this.#newest.newer = item;
    this.#newest = item;
  }

  /** @param item in this list. Its own links are cut: what is gone must not hold what came after it. */
  remove(item: T): void {
    const { older, newer } = item;
    if (older === undefined) this.#oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.#newest = older;
    else newer.older = older;
    item.older = undefined;
    item.newer = undefined;
  }
}

/** @returns the oldest of those allowed that no other is better than. */
export function best<T extends Aged<T>>(
  list: AgeList<T>,
  isBetter: (one: T, other: T) => boolean,
  isAllowed: (one: T) => boolean = () => true,
): T | undefined {
  let found: T | undefined;
  for (const item of each(list)) {
    if (isAllowed(item) && (found === undefined || isBetter(item, found))) found = item;
  }
  return found;
}

export function* each<T extends Aged<T>>(list: AgeList<T>): Generator<T> {
  for (let item = list.oldest; item !== undefined; item = item.newer) yield item;
}
