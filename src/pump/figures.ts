/** The figures of transfers in memory that both threads share: one thread writes them, the other one reads them at any time. */
import { performance } from 'node:perf_hooks';
import type { MovedFigures } from '../domain/body-pump.ts';

/** Most transfers of one thread at once. */
export const SLOTS = 1024;

/** Places in shared memory. Bytes, and milliseconds of the main thread's `performance.now()`. */
const IS_OVER = 0;
const READ = 1;
const SENT = 2;
const LAST_SENT_AT = 3;
const BYTES = 4;
const FIRST_BYTE_AT = 5;
const LAST_BYTE_AT = 6;
const CLIENT_WAIT = 7;
const STORE_WAIT = 8;
const WAITS_FOR = 9;
const WAITS_SINCE = 10;
const WIDTH = 11;

const NO_SIDE = 0;
const CLIENT = 1;
const STORE = 2;

export const SHARED_BYTES = SLOTS * WIDTH * Float64Array.BYTES_PER_ELEMENT;

/** The figures of one transfer. */
export class Figures {
  readonly #shared: Float64Array;
  readonly #at: number;

  constructor(shared: Float64Array, slot: number) {
    this.#shared = shared;
    this.#at = slot * WIDTH;
  }

  clear(): void {
    this.#shared.fill(0, this.#at, this.#at + WIDTH);
  }

  /** A copy in memory that no other transfer uses later. */
  copy(): Figures {
    return new Figures(this.#shared.slice(this.#at, this.#at + WIDTH), 0);
  }

  /** From here on the thread no longer owns the descriptors. */
  end(): void {
    this.#set(IS_OVER, 1);
  }

  get isOver(): boolean {
    return this.#get(IS_OVER) === 1;
  }

  showRead(read: number, objectBytes: number): void {
    this.#set(READ, read);
    this.#set(BYTES, objectBytes);
  }

  came(now: number, read: number, objectBytes: number, isLast: boolean): void {
    if (this.#get(FIRST_BYTE_AT) === 0) this.#set(FIRST_BYTE_AT, now);
    if (isLast) this.#set(LAST_BYTE_AT, now);
    this.showRead(read, objectBytes);
  }

  showSent(sent: number): void {
    this.#set(SENT, sent);
  }

  lastIsSent(now: number): void {
    this.#set(LAST_SENT_AT, now);
  }

  waitBegins(side: 'client' | 'store', now: number): void {
    this.#set(WAITS_SINCE, now);
    this.#set(WAITS_FOR, side === 'client' ? CLIENT : STORE);
  }

  waitEnds(side: 'client' | 'store', millis: number): void {
    const field = side === 'client' ? CLIENT_WAIT : STORE_WAIT;
    this.#set(WAITS_FOR, NO_SIDE);
    this.#set(field, this.#get(field) + millis);
  }

  /** The thread has died, and waits no longer. */
  stopWaiting(): void {
    this.#set(WAITS_FOR, NO_SIDE);
  }

  get read(): number {
    return this.#get(READ);
  }

  get sent(): number {
    return this.#get(SENT);
  }

  get lastSentAt(): number {
    return this.#get(LAST_SENT_AT);
  }

  get bytes(): number {
    return this.#get(BYTES);
  }

  get firstByteAt(): number | undefined {
    return this.#get(FIRST_BYTE_AT) || undefined;
  }

  get lastByteAt(): number | undefined {
    return this.#get(LAST_BYTE_AT) || undefined;
  }

  get waitsFor(): 'client' | 'store' | undefined {
    const side = this.#get(WAITS_FOR);
    return side === CLIENT ? 'client' : side === STORE ? 'store' : undefined;
  }

  get waitsSince(): number {
    return this.#get(WAITS_SINCE);
  }

  get clientWaitSeconds(): number {
    return this.#seconds(CLIENT_WAIT, CLIENT);
  }

  get storeWaitSeconds(): number {
    return this.#seconds(STORE_WAIT, STORE);
  }

  /** The wait of this moment counts. */
  #seconds(field: number, side: number): number {
    const running = this.#get(WAITS_FOR) === side ? performance.now() - this.#get(WAITS_SINCE) : 0;
    return (this.#get(field) + Math.max(0, running)) / 1000;
  }

  #get(field: number): number {
    return this.#shared[this.#at + field]!;
  }

  #set(field: number, value: number): void {
    this.#shared[this.#at + field] = value;
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
    return this.#figures.bytes;
  }

  get firstByteAt(): number | undefined {
    return this.#figures.firstByteAt;
  }

  get lastByteAt(): number | undefined {
    return this.#figures.lastByteAt;
  }

  get clientWaitSeconds(): number {
    return this.#figures.clientWaitSeconds;
  }

  get storeWaitSeconds(): number {
    return this.#figures.storeWaitSeconds;
  }

  get waitsFor(): 'client' | 'store' | undefined {
    return this.#figures.waitsFor;
  }

  get waitsSince(): number {
    return this.#figures.waitsSince;
  }
}
