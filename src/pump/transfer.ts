/**
 * One body on its way: a piece from the client, verified, and out to the store, in turns. The last piece is verified as a whole before it is
 * written, so the store never gets all bytes of a body that is wrong.
 */
import type { Checksums } from '../body/object-decoder.ts';
import { asFailure, Failure } from '../domain/failure.ts';
import { LeastRate } from '../domain/least-rate.ts';
import { messageWithCause } from '../domain/root-cause.ts';
import { EAGAIN, EINVAL, ENFILE, ENOSYS, EPERM, errorName, type Libc } from '../kernel/libc.ts';
import type { Figures } from './figures.ts';
import type { TransferTask } from './messages.ts';
import { type Mover, NO_MEMORY } from './movers/mover.ts';
import type { Verifier } from './verifier.ts';

/**
 * Bytes for which the client's connection is readable: one wake-up for many segments. The system reserves memory for as many, so a
 * client gets the larger mark only after it has sent some. A client that sends less for a while is read as its bytes come.
 */
const FIRST_MARK = 256 * 1024;
const FAST_MARK = 1024 * 1024;
const FAST_FROM = 1024 * 1024;

/** Milliseconds that count between two looks at the clock: time in which this thread did not run is not the other side's. */
const LONGEST_STEP = 200;

/** Errors of splice without a pipe, or on a system that does not offer it. */
const UNAVAILABLE: ReadonlySet<number> = new Set([EPERM, EINVAL, ENFILE, ENOSYS]);
/** Errors of a connection that the client has ended. */
const CLIENT_GONE: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH']);

export interface TransferParts {
  readonly libc: Libc;
  readonly figures: Figures;
  /** For a body whose splice is unavailable. */
  copy(): Mover;
  /** Milliseconds of the main thread's `performance.now()`. */
  now(): number;
}

type Side = 'client' | 'store';

export class Transfer {
  readonly task: TransferTask;
  readonly #parts: TransferParts;
  readonly #verifier: Verifier | undefined;
  readonly #rate: LeastRate;
  #mover: Mover;
  #left: number;
  #sent = 0;
  #mark = 1;
  #waitsFor: Side | undefined;
  #waitsSince = 0;
  #countedAt = 0;
  /** Milliseconds of waiting for either side since it last moved bytes. */
  #idle: Record<Side, number> = { client: 0, store: 0 };
  #failure: Failure | 'aborted' | undefined;
  #waitedFor: Side | undefined;
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
    this.#raiseMark();
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

  /** The side that it waited for at its end. */
  get waitedFor(): Side | undefined {
    return this.#waitedFor;
  }

  get spliced(): boolean {
    return this.#mover.isSplice;
  }

  /** Bytes that the client's connection has still to deliver. */
  get missing(): number {
    return this.#left - this.#mover.ahead;
  }

  get waitsForStore(): boolean {
    return this.#waitsFor === 'store';
  }

  /** Of the whole body, if it has been verified. */
  get checksums(): Checksums | undefined {
    return this.#verifier?.checksums;
  }

  /** Verifies the bytes that were sent ahead. */
  begin(): void {
    const { first } = this.task;
    if (first.length > 0) this.#verify(Buffer.from(first.buffer, first.byteOffset, first.byteLength), false);
    this.#parts.figures.showRead(this.read, this.#verifier?.bytes ?? this.read);
  }

  /** One piece in and out again, then it is the turn of others. @returns whether there is more to do at once. */
  turn(): boolean {
    this.#endWait();
    if (this.#mover.held === 0 && !this.#readPiece()) return false;
    if (this.#mover.held > 0 && !this.#writePiece()) return false;
    if (this.#left > 0 || this.#mover.held > 0) return true;
    this.end();
    return false;
  }

  /** The client sends no more, or has reset its connection. */
  clientGone(): void {
    this.end(new Failure('client_aborted'));
  }

  /** Called at times, for the clocks of both sides. */
  tick(): void {
    if (this.#waitsFor === undefined || this.#isOver) return;
    this.#countWait();
    if (this.#waitsFor === 'store') {
      if (this.#idle.store >= this.task.stallMillis)
        this.end(new Failure('store_timeout', undefined, { reason: 'takes_nothing' }));
    } else {
      this.#setMark(1);
      if (this.#idle.client >= this.task.idleMillis) this.end(new Failure('client_stalled'));
      else this.#judgeRate(0);
    }
  }

  /** The only end. @param failure undefined if the store's connection has accepted everything. */
  end(failure?: Failure | 'aborted'): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#failure = failure;
    this.#waitedFor = this.#waitsFor;
    this.#endWait();
    this.#setMark(1);
    this.#mover.close();
  }

  /** @returns whether the transfer goes on. */
  #readPiece(): boolean {
    const result = this.#mover.read(this.#left);
    if (result > 0) return this.#came(result);
    if (result === -EAGAIN) return this.#wait('client');
    if (result === NO_MEMORY) return false; // the main thread counts this wait, and gives some
    if (this.#mover.isSplice && UNAVAILABLE.has(-result)) return this.#copyInstead();
    this.#readFailed(result);
    return false;
  }

  #readFailed(result: number): void {
    const reason = result === 0 ? undefined : errorName(result);
    if (reason === undefined || CLIENT_GONE.has(reason)) this.clientGone();
    else this.end(new Failure('internal_error', undefined, { reason }));
  }

  #came(bytes: number): boolean {
    this.#left -= bytes;
    this.#idle.client = 0;
    this.#raiseMark();
    this.#judgeRate(bytes);
    if (this.#verifier !== undefined && !this.#isOver) this.#verify(this.#mover.bytes!, this.#left === 0);
    this.#parts.figures.came(this.#parts.now(), this.read, this.#verifier?.bytes ?? this.read, this.#left === 0);
    return !this.#isOver;
  }

  /** @returns whether the piece, or some of it, is out. */
  #writePiece(): boolean {
    const { figures, now } = this.#parts;
    if (this.#left === 0) figures.lastIsSent(now());
    const result = this.#mover.write(this.#left > 0);
    if (result > 0) {
      this.#sent += result;
      this.#idle.store = 0;
      figures.showSent(this.#sent);
      return true;
    }
    if (result === -EAGAIN || result === 0) return this.#wait('store');
    const reason = errorName(result);
    this.end(new Failure('store_reset', messageWithCause('store_reset', reason), { reason }));
    return false;
  }

  /** A mover without a pipe, or on a system that forbids splice. Nothing is lost: it holds no bytes. */
  #copyInstead(): boolean {
    this.#mover.close();
    this.#mover = this.#parts.copy();
    return this.#readPiece();
  }

  #verify(bytes: Buffer, isLast: boolean): void {
    try {
      this.#verifier?.take(bytes, isLast);
    } catch (thrown) {
      this.end(asFailure(thrown));
    }
  }

  #judgeRate(bytes: number): void {
    try {
      this.#rate.came(bytes);
    } catch (thrown) {
      this.end(asFailure(thrown));
    }
  }

  #raiseMark(): void {
    this.#setMark(this.read >= FAST_FROM ? FAST_MARK : FIRST_MARK);
  }

  /** For fewer bytes than the mark a connection is not readable, so it is never above the missing bytes. */
  #setMark(bytes: number): void {
    const mark = Math.max(1, Math.min(bytes, this.missing));
    if (mark === this.#mark) return;
    this.#mark = mark;
    this.#parts.libc.setLowWater(this.task.client, mark);
  }

  #wait(side: Side): false {
    const now = this.#parts.now();
    if (side === 'client') this.#mover.rest();
    this.#waitsFor = side;
    this.#waitsSince = this.#countedAt = now;
    this.#parts.figures.waitBegins(side, now);
    return false;
  }

  #endWait(): void {
    if (this.#waitsFor === undefined) return;
    this.#countWait();
    this.#parts.figures.waitEnds(this.#waitsFor, this.#countedAt - this.#waitsSince);
    this.#waitsFor = undefined;
  }

  #countWait(): void {
    const now = this.#parts.now();
    const millis = Math.min(now - this.#countedAt, LONGEST_STEP);
    this.#countedAt = now;
    this.#idle[this.#waitsFor!] += millis;
    if (this.#waitsFor === 'client') this.#rate.waited(millis);
  }
}
