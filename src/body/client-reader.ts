/**
 * Reads a client's body and times the waits for the client: the gateway has room, and no byte arrives. A body that stalls
 * or arrives too slowly, or a connection that ends before the body, is a Failure.
 */
import { performance } from 'node:perf_hooks';
import type { Readable } from 'node:stream';
import { Failure } from '../domain/failure.ts';
import { LeastRate } from '../domain/least-rate.ts';
import type { Pace } from '../domain/pace.ts';
import type { TransferClock, Wait } from './transfer-clock.ts';

export interface ClientReaderSink {
  /** May throw a Failure, which is then given to `fail`. */
  bytes(chunk: Buffer): void;
  end(): void;
  /** Called at most once, and last. */
  fail(failure: Failure): void;
}

export class ClientReader {
  readonly #source: Readable;
  readonly #sink: ClientReaderSink;
  readonly #rate: LeastRate;
  /** Undefined for a body that has arrived: it cannot stall. */
  readonly #idle: NodeJS.Timeout | undefined;
  readonly #clock: TransferClock;
  readonly #wait: Wait;
  #over = false;

  /** @param source complete if it is a request that has arrived. */
  constructor(
    source: Readable & { readonly complete?: boolean },
    pace: Pace,
    clock: TransferClock,
    sink: ClientReaderSink,
  ) {
    this.#source = source;
    this.#sink = sink;
    this.#rate = new LeastRate(pace);
    this.#idle = source.complete === true ? undefined : setTimeout(this.#onIdle, pace.idleMillis);
    this.#clock = clock;
    this.#wait = clock.wait('client');
    this.#wait.start();
    if (source.destroyed)
      this.#onGone(); // its events have passed already
    else source.on('data', this.#onData).on('end', this.#onEnd).on('error', this.#onGone).on('close', this.#onGone);
  }

  /** Reads no more until `resume`. */
  pause(): void {
    if (!this.#wait.isRunning) return;
    this.#endWait();
    this.#source.pause();
  }

  resume(): void {
    if (this.#wait.isRunning || this.#over) return;
    this.#wait.start();
    this.#idle?.refresh();
    this.#source.resume();
  }

  /** Detaches from the source and leaves it paused. */
  stop(): void {
    if (this.#over) return;
    this.#over = true;
    if (this.#wait.isRunning) this.#endWait();
    clearTimeout(this.#idle);
    this.#source
      .off('data', this.#onData)
      .off('end', this.#onEnd)
      .off('error', this.#onGone)
      .off('close', this.#onGone);
    this.#source.on('error', ignore); // an error event without a listener would end the process
    this.#source.pause();
  }

  readonly #onData = (chunk: Buffer): void => {
    if (this.#wait.isRunning) {
      this.#endWait();
      this.#wait.start();
    }
    this.#idle?.refresh();
    this.#clock.firstByteAt ??= performance.now();
    try {
      this.#rate.came(chunk.length);
      this.#sink.bytes(chunk);
    } catch (thrown) {
      this.#fail(thrown instanceof Failure ? thrown : new Failure('internal_error', undefined, { cause: thrown }));
    }
  };

  readonly #onEnd = (): void => {
    this.stop();
    this.#clock.lastByteAt = performance.now();
    this.#sink.end();
  };

  /** A Failure describes an invalid body; any other error means that the connection has ended. */
  readonly #onGone = (error?: Error): void =>
    this.#fail(error instanceof Failure ? error : new Failure('client_aborted'));

  readonly #onIdle = (): void => {
    if (!this.#wait.isRunning)
      this.#idle?.refresh(); // the store is the one that holds this up
    else this.#fail(new Failure('client_stalled'));
  };

  #fail(failure: Failure): void {
    if (this.#over) return;
    this.stop();
    this.#sink.fail(failure);
  }

  #endWait(): void {
    this.#rate.waited(this.#wait.stop());
  }
}

const ignore = (): void => {};
