/**
 * One body on its way: a piece from the client, verified, and out to the store, in turns. The last piece is verified as a whole before it is
 * written, so the store never gets all bytes of a body that is wrong.
 */
import type { Checksums } from '../body/object-decoder.ts';
import { asFailure, Failure } from '../domain/failure.ts';
import { LeastRate } from '../domain/least-rate.ts';
import { messageWithCause } from '../domain/root-cause.ts';
import { EAGAIN, errorName, type Libc } from '../kernel/libc.ts';
import {
  BYTES,
  CLIENT,
  CLIENT_WAIT,
  FIRST_BYTE_AT,
  type Figures,
  LAST_BYTE_AT,
  MEMORY,
  NOBODY,
  READ,
  SENT,
  STORE,
  STORE_WAIT,
  WAITS_FOR,
  WAITS_SINCE,
} from './figures.ts';
import type { TransferTask } from './messages.ts';
import { type Mover, NO_MEMORY } from './movers/mover.ts';
import type { Verifier } from './verifier.ts';

/**
 * Bytes for which the client's connection is readable: one wake-up for many segments. A smaller body sets its own length, and a client
 * that sends less for a while is read as its bytes come.
 */
const LOW_WATER = 1024 * 1024;

/** Results of the first splice where the system does not offer it: EPERM, EINVAL, ENOSYS, and without a pipe ENFILE. */
const UNAVAILABLE: ReadonlySet<number> = new Set([1, 22, 23, 38]);

type Awaited = typeof CLIENT | typeof STORE | typeof MEMORY;

export interface TransferParts {
  readonly libc: Libc;
  readonly figures: Figures;
  /** For a body whose splice is unavailable. */
  copy(): Mover;
  /** Milliseconds of the main thread's `performance.now()`. */
  now(): number;
}

export class Transfer {
  readonly task: TransferTask;
  readonly #parts: TransferParts;
  readonly #verifier: Verifier | undefined;
  readonly #rate: LeastRate;
  #mover: Mover;
  #spliced: boolean;
  #left: number;
  #sent = 0;
  #lowWater = 1;
  #waitsFor: typeof NOBODY | Awaited = NOBODY;
  #waitsSince = 0;
  /** Of the current wait, so far as this thread was awake. */
  #waitedMillis = 0;
  #failure: Failure | 'aborted' | undefined;
  #isOver = false;
  /** Whether it is in the queue of the loop. */
  isQueued = false;

  constructor(task: TransferTask, mover: Mover, verifier: Verifier | undefined, parts: TransferParts) {
    this.task = task;
    this.#mover = mover;
    this.#verifier = verifier;
    this.#parts = parts;
    this.#rate = new LeastRate(task);
    this.#left = task.bytes;
    this.#spliced = mover.isSplice;
    this.#setLowWater(LOW_WATER);
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  get failure(): Failure | 'aborted' | undefined {
    return this.#failure;
  }

  get read(): number {
    return this.task.bytes - this.#left;
  }

  get sent(): number {
    return this.#sent;
  }

  get spliced(): boolean {
    return this.#spliced;
  }

  /** Whether bytes of the client are missing. */
  get isClientNeeded(): boolean {
    return this.#left > 0;
  }

  get waitsForStore(): boolean {
    return this.#waitsFor === STORE;
  }

  /** Of the whole body, if it has been verified. */
  get checksums(): Checksums | undefined {
    return this.#verifier?.checksums;
  }

  /** Verifies the bytes that were sent ahead. */
  begin(): void {
    const { first } = this.task;
    try {
      if (first.length > 0) this.#verifier?.take(Buffer.from(first.buffer, first.byteOffset, first.byteLength), false);
    } catch (thrown) {
      this.end(asFailure(thrown));
    }
    this.#showBytes();
  }

  /** One piece in and out again, then it is the turn of others. @returns whether there is more to do at once. */
  turn(): boolean {
    this.#endWait();
    if (this.#isOver || (this.#mover.held === 0 && !this.#readPiece()) || !this.#writePiece()) return false;
    if (this.#left > 0 || this.#mover.held > 0) return true;
    this.end();
    return false;
  }

  /** The client sends no more, or has reset its connection. */
  clientGone(): void {
    this.end(new Failure('client_aborted'));
  }

  /** Called at times, with the milliseconds since the last call. */
  tick(millis: number): void {
    if (this.#waitsFor === NOBODY || this.#isOver) return;
    this.#waitedMillis += millis;
    if (this.#waitsFor === CLIENT) this.#setLowWater(1);
    if (this.#waitsFor === CLIENT && this.#waitedMillis >= this.task.idleMillis)
      this.end(new Failure('client_stalled'));
    if (this.#waitsFor === STORE && this.#waitedMillis >= this.task.stallMillis)
      this.end(new Failure('store_timeout', undefined, { reason: 'takes_nothing' }));
  }

  /** The only end. @param failure undefined if the store's connection has accepted everything. */
  end(failure?: Failure | 'aborted'): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#failure = failure;
    this.#stopWaiting();
    this.#setLowWater(1);
    this.#mover.close();
  }

  /** @returns whether there are bytes to write. */
  #readPiece(): boolean {
    const result = this.#mover.read(this.#left);
    if (result > 0) return this.#came(result);
    if (result === -EAGAIN) return this.#wait(CLIENT);
    if (result === NO_MEMORY) return this.#wait(MEMORY);
    if (this.#mover.isSplice && UNAVAILABLE.has(-result)) return this.#copyInstead();
    this.clientGone();
    return false;
  }

  #came(bytes: number): boolean {
    const { figures, now } = this.#parts;
    if (this.read === 0 && this.task.first.length === 0) figures.set(FIRST_BYTE_AT, now());
    this.#left -= bytes;
    if (this.#left === 0) figures.set(LAST_BYTE_AT, now());
    if (bytes >= LOW_WATER / 2 || this.#left < this.#lowWater) this.#setLowWater(LOW_WATER);
    try {
      this.#rate.came(bytes);
      if (this.#verifier !== undefined) this.#verifier.take(this.#mover.bytes!, this.#left === 0);
    } catch (thrown) {
      this.end(asFailure(thrown));
    }
    this.#showBytes();
    return !this.#isOver;
  }

  /** @returns whether the piece, or some of it, is out. */
  #writePiece(): boolean {
    const result = this.#mover.write(this.#left > 0);
    if (result > 0) {
      this.#sent += result;
      this.#parts.figures.set(SENT, this.#sent);
      return true;
    }
    if (result === -EAGAIN || result === 0) return this.#wait(STORE);
    const reason = errorName(result);
    this.end(new Failure('store_reset', messageWithCause('store_reset', reason), { reason }));
    return false;
  }

  /** A mover without a pipe, or on a system that forbids splice. Nothing is lost: it holds no bytes. */
  #copyInstead(): boolean {
    this.#mover.close();
    this.#mover = this.#parts.copy();
    this.#spliced = false;
    return this.#readPiece();
  }

  #showBytes(): void {
    const { figures } = this.#parts;
    figures.set(READ, this.read);
    figures.set(BYTES, this.#verifier?.bytes ?? this.read);
  }

  /** For fewer bytes than the mark a connection is not readable, so it is never above the missing bytes. */
  #setLowWater(bytes: number): void {
    const mark = Math.max(1, Math.min(bytes, this.#left));
    if (mark === this.#lowWater) return;
    this.#lowWater = mark;
    this.#parts.libc.setLowWater(this.task.client, mark);
  }

  #wait(who: Awaited): false {
    const { figures, now } = this.#parts;
    if (who === CLIENT) this.#mover.rest();
    this.#waitsFor = who;
    this.#waitsSince = now();
    figures.set(WAITS_SINCE, this.#waitsSince);
    figures.set(WAITS_FOR, who);
    return false;
  }

  #endWait(): void {
    const wasClient = this.#waitsFor === CLIENT;
    const millis = this.#stopWaiting();
    if (wasClient) this.#rate.waited(millis);
  }

  /** @returns milliseconds of the wait. */
  #stopWaiting(): number {
    if (this.#waitsFor === NOBODY) return 0;
    const { figures, now } = this.#parts;
    const millis = now() - this.#waitsSince;
    figures.set(WAITS_FOR, NOBODY);
    if (this.#waitsFor !== MEMORY) {
      const field = this.#waitsFor === CLIENT ? CLIENT_WAIT : STORE_WAIT;
      figures.set(field, figures.get(field) + millis);
    }
    this.#waitsFor = NOBODY;
    this.#waitedMillis = 0;
    return millis;
  }
}
