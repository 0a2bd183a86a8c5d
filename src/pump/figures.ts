/** The figures of transfers in memory that both threads share: one thread writes them, the other one reads them at any time. */
import type { MovedFigures } from '../domain/body-pump.ts';

/** Most transfers of one thread at once. */
export const SLOTS = 1024;

/** Bytes, and milliseconds of the main thread's `performance.now()`. */
const FIELDS = [
  'isOver',
  'read',
  'sent',
  'bytes',
  'firstByteAt',
  'lastByteAt',
  'clientWait',
  'storeWait',
  'waitsFor',
  'waitsSince',
] as const;
const WIDTH = FIELDS.length;

export type FigureName = (typeof FIELDS)[number];

export const NOBODY = 0;
export const CLIENT = 1;
export const STORE = 2;
/** Of the main thread. It counts this wait itself. */
export const MEMORY = 3;

export const SHARED_BYTES = SLOTS * WIDTH * Float64Array.BYTES_PER_ELEMENT;

const INDEX = Object.fromEntries(FIELDS.map((name, i) => [name, i])) as Readonly<Record<FigureName, number>>;

/** The figures of one transfer. */
export class Figures {
  readonly #shared: Float64Array;
  readonly #at: number;

  constructor(shared: Float64Array, slot: number) {
    this.#shared = shared;
    this.#at = slot * WIDTH;
  }

  get(name: FigureName): number {
    return this.#shared[this.#at + INDEX[name]]!;
  }

  set(name: FigureName, value: number): void {
    this.#shared[this.#at + INDEX[name]] = value;
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
    return this.#figures.get('bytes');
  }

  get firstByteAt(): number | undefined {
    return this.#figures.get('firstByteAt') || undefined;
  }

  get lastByteAt(): number | undefined {
    return this.#figures.get('lastByteAt') || undefined;
  }

  get clientWaitSeconds(): number {
    return this.#seconds('clientWait', CLIENT);
  }

  get storeWaitSeconds(): number {
    return this.#seconds('storeWait', STORE);
  }

  get waitsFor(): 'client' | 'store' | undefined {
    const waitsFor = this.#figures.get('waitsFor');
    return waitsFor === CLIENT ? 'client' : waitsFor === STORE ? 'store' : undefined;
  }

  /** The wait of this moment counts. */
  #seconds(name: FigureName, who: number): number {
    const running = this.#figures.get('waitsFor') === who ? performance.now() - this.#figures.get('waitsSince') : 0;
    return (this.#figures.get(name) + Math.max(0, running)) / 1000;
  }
}
