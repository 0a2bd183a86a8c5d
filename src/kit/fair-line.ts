/**
 * A concurrency limit with a bounded, fair queue. Callers are served round-robin, so that a caller with many requests delays only
 * itself. A full queue rejects work of the caller with the most entries. Round-robin alone is not fair, because a caller could
 * hold its places for long. So a free place goes to the caller that holds the fewest, and the last free places go to callers that
 * hold fewer places than are free.
 */

import { performance } from 'node:perf_hooks';
import { reserveOf } from './reserve.ts';

export interface LineOptions {
  /** Maximum concurrency. */
  readonly places: number;
  /** Maximum queue length. */
  readonly waiting: number;
  /** Queue timeout, in milliseconds. */
  readonly millis: number;
  /** The error for rejected work: the queue is full, or it has waited too long. */
  readonly refusal: () => Error;
}

/** The part of an AbortSignal that the queue uses. */
interface Signal extends Pick<AbortSignal, 'reason' | 'throwIfAborted'> {
  addEventListener(type: 'abort', listener: () => void, options?: { readonly once: true }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

interface Waiting {
  readonly caller: string | undefined;
  readonly work: string;
  readonly go: () => void;
  readonly refuse: (error: Error) => void;
}

type Works = Map<string, Set<Waiting>>;

export class FairLine {
  readonly #options: LineOptions;
  /** In the order of service: a served caller moves to the end. */
  readonly #callers = new Map<string | undefined, Works>();
  /** The number of places that each caller holds. */
  readonly #held = new Map<string | undefined, number>();
  readonly #reserve: number;
  #used = 0;
  #waiting = 0;

  constructor(options: LineOptions) {
    this.#options = options;
    this.#reserve = reserveOf(options.places, 1);
  }

  get used(): number {
    return this.#used;
  }

  get waiting(): number {
    return this.#waiting;
  }

  /**
   * Gets a place, to be released with `leave`. Places can be free while callers wait that already hold too many.
   * @param caller undefined for work with priority, which is never rejected for the length of the queue.
   * @param work of the caller; several are served round-robin.
   * @returns undefined if a place is free; otherwise a promise of the milliseconds waited.
   * @throws (by rejection) the refusal, or the reason of the signal.
   */
  enter(caller: string | undefined, work: string, signal: Signal): Promise<number> | undefined {
    if (!this.#mayHold(caller)) return this.#wait(caller, work, signal); // and neither can the waiting callers
    this.#hold(caller, 1);
    return undefined;
  }

  /** Releases a place of the caller to the next in the queue. */
  leave(caller: string | undefined): void {
    this.#hold(caller, -1);
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      this.#hold(next.caller, 1);
      next.go();
    }
  }

  #heldBy(caller: string | undefined): number {
    return this.#held.get(caller) ?? 0;
  }

  #hold(caller: string | undefined, places: number): void {
    const held = this.#heldBy(caller) + places;
    this.#used += places;
    if (held > 0) this.#held.set(caller, held);
    else this.#held.delete(caller);
  }

  #mayHold(caller: string | undefined): boolean {
    const free = this.#options.places - this.#used;
    if (caller === undefined) return free > 0;
    return free > this.#reserve || this.#heldBy(caller) < free;
  }

  async #wait(caller: string | undefined, work: string, signal: Signal): Promise<number> {
    signal.throwIfAborted();
    if (caller !== undefined && this.#waiting >= this.#options.waiting) this.#makeRoom(caller);
    const since = performance.now();
    const { promise, resolve: go, reject: refuse } = Promise.withResolvers<void>();
    const waiting: Waiting = { caller, work, go, refuse };
    const leave = (error: Error): void => {
      this.#remove(waiting);
      refuse(error);
    };
    const gone = (): void => leave(signal.reason);
    const timer = setTimeout(() => leave(this.#options.refusal()), this.#options.millis);
    signal.addEventListener('abort', gone, { once: true });
    this.#add(waiting);
    try {
      await promise;
      return performance.now() - since;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', gone);
    }
  }

  /** Rejects the last work of the caller with the most entries. @throws the refusal if that is the current caller. */
  #makeRoom(caller: string): void {
    let most = countOf(this.#callers.get(caller)) + 1;
    let victim: Works | undefined;
    for (const [other, works] of this.#callers) {
      if (other === undefined || countOf(works) <= most) continue;
      most = countOf(works);
      victim = works;
    }
    const last = victim && [...[...victim.values()].at(-1)!].at(-1);
    if (last === undefined) throw this.#options.refusal();
    this.#remove(last);
    last.refuse(this.#options.refusal());
  }

  /** The caller with priority, otherwise the one that holds the fewest places; among equals the least recently served. */
  #nextCaller(): string | undefined {
    if (this.#callers.has(undefined)) return undefined;
    let fewest = Number.POSITIVE_INFINITY;
    let next: string | undefined;
    for (const caller of this.#callers.keys()) {
      const held = this.#heldBy(caller);
      if (held >= fewest) continue;
      [fewest, next] = [held, caller];
      if (held === 0) break;
    }
    return next;
  }

  #next(): Waiting | undefined {
    const caller = this.#nextCaller();
    const works = this.#callers.get(caller);
    if (works === undefined || !this.#mayHold(caller)) return undefined;
    const [work] = works.keys() as Iterable<string>;
    const [first] = works.get(work as string) as Iterable<Waiting>;
    this.#remove(first as Waiting);
    toTheEnd(works, work as string);
    toTheEnd(this.#callers, caller);
    return first;
  }

  #add(waiting: Waiting): void {
    const works = this.#callers.get(waiting.caller) ?? new Map<string, Set<Waiting>>();
    const line = works.get(waiting.work) ?? new Set();
    this.#callers.set(waiting.caller, works.set(waiting.work, line.add(waiting)));
    this.#waiting++;
  }

  #remove(waiting: Waiting): void {
    const works = this.#callers.get(waiting.caller);
    const line = works?.get(waiting.work);
    if (works === undefined || line === undefined || !line.delete(waiting)) return;
    this.#waiting--;
    if (line.size === 0) works.delete(waiting.work);
    if (works.size === 0) this.#callers.delete(waiting.caller);
  }
}

function countOf(works: Works | undefined): number {
  let count = 0;
  for (const line of works?.values() ?? []) count += line.size;
  return count;
}

function toTheEnd<K, V>(map: Map<K, V>, key: K): void {
  const value = map.get(key);
  if (value === undefined) return;
  map.delete(key);
  map.set(key, value);
}
