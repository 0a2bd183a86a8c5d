/**
 * Slots for concurrent requests, counted per caller. A caller may use all slots but a reserve, which stays free for callers with fewer.
 * One caller never locks out the others. docs/decisions/fair-lines.md
 */
import { Failure } from '../domain/failure.ts';
import { FIXED_LIMITS } from '../domain/fixed-limits.ts';

/** One request in progress. */
export interface Slot {
  caller: string;
}

export class CallerSlots {
  readonly #limit: number;
  readonly #reserve: number;
  readonly #reason: string;
  /** Slots of each caller that has any. */
  readonly #held = new Map<string, number>();
  #used = 0;

  /** @param reason of a refusal when all slots are in use; with `_of_caller` when the caller has used its part. */
  constructor(limit: number, reason: string) {
    this.#limit = limit;
    this.#reserve = Math.min(limit - 1, Math.ceil(limit * FIXED_LIMITS.caller_reserve));
    this.#reason = reason;
  }

  get used(): number {
    return this.#used;
  }

  /** @throws Failure overloaded. */
  take(caller: string): Slot {
    this.#check(caller, this.#limit - this.#used);
    this.#count(caller, 1);
    return { caller };
  }

  /** The request turned out to be of this caller. @throws Failure overloaded; the slot is then still to be released. */
  move(slot: Slot, caller: string): void {
    if (slot.caller === caller) return;
    this.#check(caller, this.#limit - this.#used + 1);
    this.release(slot);
    this.#count(caller, 1);
    slot.caller = caller;
  }

  release({ caller }: Slot): void {
    this.#count(caller, -1);
  }

  /** Within the reserve a caller holds no more slots than it leaves free. */
  #check(caller: string, free: number): void {
    if (free <= 0) throw new Failure('overloaded', undefined, { reason: this.#reason });
    if (free > this.#reserve || this.#of(caller) < free) return;
    throw new Failure('overloaded', OF_CALLER, { reason: `${this.#reason}_of_caller` });
  }

  #count(caller: string, change: 1 | -1): void {
    const held = this.#of(caller) + change;
    this.#used += change;
    if (held > 0) this.#held.set(caller, held);
    else this.#held.delete(caller);
  }

  #of(caller: string): number {
    return this.#held.get(caller) ?? 0;
  }
}

const OF_CALLER =
  'This client has too many requests in progress: the remaining slots are reserved for other clients. Retry later.';
