/**
 * Reads a client's body and keeps the clock of the waiting: how long we had room and the client sent nothing. A body that
 * stands still for too long or only drips, or a connection that ends before the body does, is a Failure.
 */
import type { Readable } from 'node:stream';
import { Failure } from '../domain/failure.ts';
import { LeastRate } from '../domain/least-rate.ts';
import type { Pace } from '../domain/pace.ts';
import type { Transfer } from '../domain/stages.ts';

export interface ClientReaderSink {
  /** May throw a Failure, which is then given to `fail`. */
  bytes(chunk: Buffer): void;
  end(): void;
  /** At most once; nothing comes after it. */
  fail(failure: Failure): void;
}

export class ClientReader {
  readonly #source: Readable;
  readonly #transfer: Transfer;
  readonly #sink: ClientReaderSink;
  readonly #rate: LeastRate;
  readonly #idle: NodeJS.Timeout;
  #waitingSince: number | undefined;
  #over = false;

  constructor(source: Readable, pace: Pace, transfer: Transfer, sink: ClientReaderSink) {
    this.#source = source;
    this.#transfer = transfer;
    this.#sink = sink;
    this.#rate = new LeastRate(pace);
    this.#idle = setTimeout(this.#onIdle, pace.idleMillis);
    this.#waitingSince = performance.now();
    if (source.destroyed)
      this.#onGone(); // before anybody listened
    else source.on('data', this.#onData).on('end', this.#onEnd).on('error', this.#onGone).on('close', this.#onGone);
  }

  /** Asks the client for no more until `resume`. */
  pause(): void {
    if (this.#waitingSince === undefined) return;
    this.#countWait();
    this.#source.pause();
  }

  resume(): void {
    if (this.#waitingSince !== undefined || this.#over) return;
    this.#waitingSince = performance.now();
    this.#idle.refresh();
    this.#source.resume();
  }

  /** Lets go of the source and leaves it paused, where it stands. */
  stop(): void {
    if (this.#over) return;
    this.#over = true;
    if (this.#waitingSince !== undefined) this.#countWait();
    clearTimeout(this.#idle);
    this.#source
      .off('data', this.#onData)
      .off('end', this.#onEnd)
      .off('error', this.#onGone)
      .off('close', this.#onGone);
    this.#source.on('error', ignore); // a connection that breaks later must not bring the process down
    this.#source.pause();
  }

  readonly #onData = (chunk: Buffer): void => {
    if (this.#waitingSince !== undefined) {
      this.#countWait();
      this.#waitingSince = performance.now();
    }
    this.#idle.refresh();
    try {
      this.#rate.came(chunk.length);
      this.#sink.bytes(chunk);
    } catch (thrown) {
      this.#fail(thrown instanceof Failure ? thrown : new Failure('internal_error', undefined, { cause: thrown }));
    }
  };

  readonly #onEnd = (): void => {
    this.stop();
    this.#sink.end();
  };

  /** A Failure tells what is wrong with the body; every other error only that the connection has ended. */
  readonly #onGone = (error?: Error): void =>
    this.#fail(error instanceof Failure ? error : new Failure('client_aborted'));

  readonly #onIdle = (): void => {
    if (this.#waitingSince === undefined)
      this.#idle.refresh(); // the store's turn: not the client's fault
    else this.#fail(new Failure('client_stalled'));
  };

  #fail(failure: Failure): void {
    if (this.#over) return;
    this.stop();
    this.#sink.fail(failure);
  }

  #countWait(): void {
    const waited = performance.now() - (this.#waitingSince as number);
    this.#rate.waited(waited);
    this.#transfer.clientWaitSeconds += waited / 1000;
    this.#waitingSince = undefined;
  }
}

const ignore = (): void => {};
