/**
 * Reads a client's body and keeps the clock of the waiting: how long we had room and the client sent nothing. A body that
 * stands still for too long or only drips, or a connection that ends before the body does, is a Failure.
 */
import type { Readable } from 'node:stream';
import { Failure } from '../domain/failure.ts';
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
  readonly #pace: Pace;
  readonly #idle: NodeJS.Timeout;
  /** Bytes that came, and milliseconds that were waited for them, since the rate was judged last. */
  #came = 0;
  #waited = 0;
  #waitingSince: number | undefined;
  #over = false;

  constructor(source: Readable, pace: Pace, transfer: Transfer, sink: ClientReaderSink) {
    this.#source = source;
    this.#transfer = transfer;
    this.#sink = sink;
    this.#pace = pace;
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
      this.#judgeRate(chunk.length);
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

  /** @throws Failure client_stalled if it was too low for so long as a client may stand still. */
  #judgeRate(bytes: number): void {
    this.#came += bytes;
    const { idleMillis, leastRate } = this.#pace;
    if (this.#waited < idleMillis) return;
    if (this.#came * 1000 < this.#waited * leastRate) {
      throw new Failure('client_stalled', 'The body arrives too slowly.', { reason: 'below_minimum_rate' });
    }
    this.#came = this.#waited = 0;
  }

  #countWait(): void {
    const waited = performance.now() - (this.#waitingSince as number);
    this.#waited += waited;
    this.#transfer.clientWaitSeconds += waited / 1000;
    this.#waitingSince = undefined;
  }
}

const ignore = (): void => {};
