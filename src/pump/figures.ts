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

  /** While the transfer runs, the wait of this moment counts. */
  read(): MovedFigures {
    const waitsFor = this.get('waitsFor');
    const running = waitsFor === NOBODY ? 0 : Math.max(0, performance.now() - this.get('waitsSince'));
    const seconds = (name: FigureName, who: number): number =>
      (this.get(name) + (waitsFor === who ? running : 0)) / 1000;
    return {
      bytes: this.get('bytes'),
      firstByteAt: this.get('firstByteAt') || undefined,
      lastByteAt: this.get('lastByteAt') || undefined,
      clientWaitSeconds: seconds('clientWait', CLIENT),
      storeWaitSeconds: seconds('storeWait', STORE),
      waitsFor: waitsFor === CLIENT ? 'client' : waitsFor === STORE ? 'store' : undefined,
    };
  }
}
