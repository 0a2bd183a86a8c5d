/** The timeouts of one exchange with a store, and the end of an exchange whose client disconnects. */
import { Failure } from '../domain/failure.ts';
import { whyUnwanted } from '../domain/while-wanted.ts';
import { FairClock } from '../kit/fair-clock.ts';
import type { TransportRequest } from './store-transport.ts';
import { unsettled } from './transport-failure.ts';

/** Longest wait for the outcome of a request at the end of a shutdown, in milliseconds. */
const SHUTDOWN_MILLIS = 2_000;

/** The exchange, as its clock needs it. */
export interface ClockedExchange {
  /** Whether the whole body was sent. */
  readonly isSent: boolean;
  abort(failure: Failure): void;
}

export class ExchangeClock {
  readonly #request: TransportRequest;
  readonly #exchange: ClockedExchange;
  #clock: FairClock | undefined;
  /** Whether no further timeout begins: the response has begun, or the exchange has ended. */
  #isDone = false;

  constructor(request: TransportRequest, exchange: ClockedExchange) {
    this.#request = request;
    this.#exchange = exchange;
    request.signal.addEventListener('abort', this.aborted, { once: true });
  }

  /** The body has been sent. */
  readonly awaitResponse = (): void => this.#await(this.#request.responseTimeoutMillis, 'no_answer');

  /** The body has not been sent, and the store reads none of it. */
  readonly awaitDrain = (): void => this.#await(this.#request.stallTimeoutMillis, 'takes_nothing');

  readonly stop = (): void => this.#clock?.stop();

  /** The response has begun. */
  responded(): void {
    this.stop();
    this.#isDone = true;
  }

  /** The exchange has ended. */
  end(): void {
    this.responded();
    this.#request.signal.removeEventListener('abort', this.aborted);
  }

  /** Aborted before its last byte, an object cannot be whole at the store. Aborted after it, the outcome would be unknown. */
  readonly aborted = (): void => {
    const { settleMillis, signal, responseTimeoutMillis } = this.#request;
    const why = whyUnwanted(signal);
    if (settleMillis === undefined || !this.#exchange.isSent) this.#exchange.abort(why);
    else if (why.type === 'shutting_down') this.#limit(Math.min(SHUTDOWN_MILLIS, settleMillis), () => unsettled(why));
    else if (settleMillis < responseTimeoutMillis) this.#limit(settleMillis, () => unsettled(why));
  };

  #await(millis: number, reason: string): void {
    this.#limit(millis, () => new Failure('store_timeout', undefined, { reason }));
  }

  #limit(millis: number, failure: () => Failure): void {
    this.stop();
    // A piece may still be requested after the end: undici checks before each piece, not after it.
    if (!this.#isDone) this.#clock = new FairClock(millis, () => this.#exchange.abort(failure()));
  }
}
