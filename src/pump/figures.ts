/** The figures of transfers in memory that both threads share: one thread writes them, the other one reads them at any time. */
import type { MovedFigures } from '../domain/body-pump.ts';

/** Most transfers of one thread at once. */
export const SLOTS = 1024;

/** Bytes, and milliseconds of the main thread's `performance.now()`. */
export const IS_OVER = 0;
export const READ = 1;
export const SENT = 2;
export const BYTES = 3;
export const FIRST_BYTE_AT = 4;
export const LAST_BYTE_AT = 5;
export const CLIENT_WAIT = 6;
export const STORE_WAIT = 7;
export const WAITS_FOR = 8;
export const WAITS_SINCE = 9;
const WIDTH = 10;

export const NOBODY = 0;
export const CLIENT = 1;
export const STORE = 2;
/** Of the main thread. It counts this wait itself. */
export const MEMORY = 3;

export const SHARED_BYTES = SLOTS * WIDTH * Float64Array.BYTES_PER_ELEMENT;

/** The figures of one transfer. */
export class Figures {
  readonly #shared: Float64Array;
  readonly #at: number;

  constructor(shared: Float64Array, slot: number) {
    this.#shared = shared;
    this.#at = slot * WIDTH;
  }

  get(field: number): number {
    return this.#shared[this.#at + field]!;
  }

  set(field: number, value: number): void {
    this.#shared[this.#at + field] = value;
  }

  clear(): void {
    this.#shared.fill(0, this.#at, this.#at + WIDTH);
  }

  /** A copy in memory that no other transfer uses later. */
  copy(): Figures {
    return new Figures(this.#shared.slice(this.#at, this.#at + WIDTH), 0);
  }
}

/** The figures of a transfer as its upload sees them, during the transfer and afterwards. */
export class LiveFigures implements MovedFigures {
  #figures: Figures;

  constructor(figures: Figures) {
    this.#figures = figures;
  }

  /** The transfer has ended: another one will use its place. */
  freeze(): void {
    this.#figures = this.#figures.copy();
  }

  get bytes(): number {
    return this.#figures.get(BYTES);
  }

  get firstByteAt(): number | undefined {
    return this.#figures.get(FIRST_BYTE_AT) || undefined;
  }

  get lastByteAt(): number | undefined {
    return this.#figures.get(LAST_BYTE_AT) || undefined;
  }

  get clientWaitSeconds(): number {
    return this.#seconds(CLIENT_WAIT, CLIENT);
  }

  get storeWaitSeconds(): number {
    return this.#seconds(STORE_WAIT, STORE);
  }

  get waitsFor(): 'client' | 'store' | undefined {
    const waitsFor = this.#figures.get(WAITS_FOR);
    return waitsFor === CLIENT ? 'client' : waitsFor === STORE ? 'store' : undefined;
  }

  /** The wait of this moment counts. */
  #seconds(field: number, who: number): number {
    const running = this.#figures.get(WAITS_FOR) === who ? performance.now() - this.#figures.get(WAITS_SINCE) : 0;
    return (this.#figures.get(field) + Math.max(0, running)) / 1000;
  }
}
