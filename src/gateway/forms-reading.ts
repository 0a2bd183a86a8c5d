/**
 * The POST forms that are being read, before authentication. A form without a free slot displaces the oldest form, after the grace
 * time of that one. So an unauthenticated client with slow forms does not lock out others, not even behind the same address.
 */
import { Failure } from '../domain/failure.ts';
import { FIXED_LIMITS } from '../domain/fixed-limits.ts';
import { CallerSlots, type Slot } from './caller-slots.ts';

interface Reading {
  readonly since: number;
  readonly stop: AbortController;
  /** Undefined once another form has it. */
  slot: Slot | undefined;
}

export class FormsReading {
  readonly #slots: CallerSlots;
  readonly #graceMillis: number;
  /** The oldest first. */
  readonly #all = new Set<Reading>();

  /** @param graceMillis for which a form keeps its slot at least. */
  constructor(limit: number, graceMillis = FIXED_LIMITS.form_grace_seconds * 1000) {
    this.#slots = new CallerSlots(limit, 'too_many_forms');
    this.#graceMillis = graceMillis;
  }

  get count(): number {
    return this.#slots.used;
  }

  /** @param read ends when its signal is aborted. @throws Failure overloaded, and all that `read` throws. */
  async read<T>(caller: string, read: (stop: AbortSignal) => Promise<T>): Promise<T> {
    const reading: Reading = { since: performance.now(), stop: new AbortController(), slot: this.#slotFor(caller) };
    this.#all.add(reading);
    try {
      return await read(reading.stop.signal);
    } finally {
      this.#end(reading);
    }
  }

  #slotFor(caller: string): Slot {
    try {
      return this.#slots.take(caller);
    } catch (refusal) {
      const displaced = this.#oldestOf(caller) ?? this.#oldest();
      if (displaced === undefined || performance.now() - displaced.since < this.#graceMillis) throw refusal;
      return this.#displace(displaced, caller);
    }
  }

  #displace(displaced: Reading, caller: string): Slot {
    const slot = displaced.slot as Slot; // every form in the set has one
    this.#slots.move(slot, caller);
    displaced.slot = undefined;
    this.#end(displaced);
    displaced.stop.abort(new Failure('overloaded', DISPLACED, { reason: 'form_displaced' }));
    return slot;
  }

  #end(reading: Reading): void {
    this.#all.delete(reading);
    if (reading.slot !== undefined) this.#slots.release(reading.slot);
    reading.slot = undefined;
  }

  #oldestOf(caller: string): Reading | undefined {
    for (const reading of this.#all) if (reading.slot?.caller === caller) return reading;
    return undefined;
  }

  #oldest(): Reading | undefined {
    return this.#all.values().next().value;
  }
}

const DISPLACED = 'The form arrived too slowly, and other forms need its slot. Retry later.';
