/**
 * A linked list in insertion order, from which any item can be removed. The links are in the items: a `Map` also keeps the order, but
 * is expensive for entries that live only as long as a request (docs/decisions/short-lived-entries.md).
 */
export interface Aged<T> {
  /** Undefined outside of a list, like `newer`. Only the list changes them. */
  older: T | undefined;
  newer: T | undefined;
}

export class AgeList<T extends Aged<T>> {
  #oldest: T | undefined;
  #newest: T | undefined;

  get oldest(): T | undefined {
    return this.#oldest;
  }

  /** @param item that is not in a list. */
  add(item: T): void {
    item.older = this.#newest;
    if (this.#newest === undefined) this.#oldest = item;
    else this.#newest.newer = item;
    this.#newest = item;
  }

  /** @param item in this list. Its links are cleared, so that it does not keep later items in memory. */
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

/** @returns the oldest of the best allowed items. */
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
