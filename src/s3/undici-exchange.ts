/** One exchange with a store over undici, as the events of its dispatch: timeouts, abortion, the response, the outcome. */
import type { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { type OutgoingBody, streamOf } from '../body/outgoing-body.ts';
import { Failure } from '../domain/failure.ts';
import { whyUnwanted } from '../domain/while-wanted.ts';
import { FairClock } from '../kit/fair-clock.ts';
import { ConnectionWatch } from '../kit/used-connection.ts';
import { oneValue } from './header-values.ts';
import { ResponseDocument } from './response-document.ts';
import type { StoreResponse, TransportRequest } from './store-transport.ts';
import { respondedTooEarly, transportFailure, unsettled } from './transport-failure.ts';

/** Called for each of several pieces when the connection requests it. */
type OnPiece = (piece: Buffer, isLast: boolean) => void;

export function undiciBodyOf(body: OutgoingBody, onPiece: OnPiece): Buffer | Readable | null {
  if (body === undefined || Buffer.isBuffer(body)) return body ?? null;
  // undici accepts every iterable; its types know only streams.
  return 'stream' in body ? body.stream : (eachOf(body.pieces, onPiece) as unknown as Readable);
}

function* eachOf(pieces: readonly Buffer[], onPiece: OnPiece): Generator<Buffer> {
  for (const [i, piece] of pieces.entries()) {
    onPiece(piece, i === pieces.length - 1);
    yield piece;
  }
}

/** Longest wait for the outcome of a request at the end of a shutdown, in milliseconds. */
const SHUTDOWN_MILLIS = 2_000;

export class UndiciExchange implements Dispatcher.DispatchHandler {
  readonly #request: TransportRequest;
  readonly #resolve: (response: StoreResponse) => void;
  readonly #reject: (failure: Failure) => void;
  #controller: Dispatcher.DispatchController | undefined;
  /** Runs from the moment at which the request has a connection. */
  #clock: FairClock | undefined;
  /** Why the exchange was aborted. */
  #aborted: Failure | undefined;
  #status = 0;
  #headers: Record<string, string> = {};
  readonly #document = new ResponseDocument();
  #lacksPieces: boolean;
  #sentBytes = 0;
  /** Whether any byte of the body was sent. */
  #hasBegun = false;
  #isOver = false;
  readonly #watch: ConnectionWatch | undefined;

  constructor(
    request: TransportRequest,
    resolve: (response: StoreResponse) => void,
    reject: (failure: Failure) => void,
  ) {
    this.#request = request;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#lacksPieces = request.body !== undefined && 'pieces' in request.body && request.body.pieces.length > 0;
    const { observer } = request;
    this.#watch = observer && new ConnectionWatch((...facts) => observer.connected(...facts));
    const stream = streamOf(request.body);
    stream?.on('pause', this.#awaitDrain).on('resume', this.#stopClock).once('end', this.#awaitResponse);
    request.signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** The request could not even be written. */
  refused(error: Error): void {
    this.#settle();
    this.#reject(new Failure('internal_error', undefined, { cause: error }));
  }

  dispatched(): void {
    this.#watch?.dispatched();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    // A request that was aborted before it had a connection must not reach the store.
    if (this.#aborted !== undefined) return void controller.abort(this.#aborted);
    if (this.#request.signal.aborted) return void this.#abort(whyUnwanted(this.#request.signal));
    this.#watch?.started();
    if (streamOf(this.#request.body) === undefined) this.#awaitResponse();
    if (Buffer.isBuffer(this.#request.body)) this.#sentBytes = this.#request.body.length;
  }

  onBodySent(): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    this.#request.observer?.bodyBegun();
  }

  onRequestSent(): void {
    this.#request.observer?.requestSent();
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: NodeJS.Dict<string | string[]>): void {
    if (status < 200) return;
    this.#stopClock();
    this.#request.observer?.responseBegun();
    this.#status = status;
    for (const [name, value] of Object.entries(headers)) {
      if (value !== undefined) this.#headers[name] = oneValue(name, value);
    }
  }

  onResponseData(controller: Dispatcher.DispatchController, bytes: Buffer): void {
    try {
      const isWaiting = this.#document.add(bytes, this.#headers['content-encoding']);
      if (isWaiting && this.#status === 200) this.#request.onWhiteSpace?.(this.#headers);
    } catch (thrown) {
      controller.abort(thrown as Failure);
    }
  }

  onResponseEnd(): void {
    this.#settle();
    try {
      if (this.#lacksPieces && this.#status < 300) throw respondedTooEarly();
      this.#resolve({ status: this.#status, headers: this.#headers, body: this.#text() });
    } catch (thrown) {
      this.#reject(thrown as Failure);
    }
  }

  /** The headers of a response to HEAD describe the object, and there is no body to decode. @throws Failure store_invalid_answer */
  #text(): string {
    try {
      return this.#document.text(this.#headers['content-encoding']);
    } catch (thrown) {
      if (this.#status >= 300) return ''; // the status is enough
      throw thrown;
    }
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#settle(error);
    this.#reject(transportFailure(error));
  }

  readonly onPiece: OnPiece = (piece, isLast) => {
    this.#sentBytes += piece.length;
    this.#lacksPieces = !isLast;
    if (isLast) this.#awaitResponse();
    else this.#awaitDrain();
  };

  /** The body has been sent. */
  readonly #awaitResponse = (): void => this.#await(this.#request.responseTimeoutMillis, 'no_answer');

  /** The body has not been sent, and the store reads none of it. */
  readonly #awaitDrain = (): void => this.#await(this.#request.stallTimeoutMillis, 'takes_nothing');

  #await(millis: number, reason: string): void {
    this.#limit(millis, () => new Failure('store_timeout', undefined, { reason }));
  }

  #limit(millis: number, failure: () => Failure): void {
    this.#stopClock();
    // A piece may still be requested after the end: undici checks before each piece, not after it.
    if (this.#status !== 0 || this.#isOver) return;
    this.#clock = new FairClock(millis, () => this.#abort(failure()));
  }

  readonly #stopClock = (): void => this.#clock?.stop();

  /** Aborted before its last byte, an object cannot be whole at the store. Aborted after it, the outcome would be unknown. */
  readonly #onAbort = (): void => {
    const { settleMillis, signal, responseTimeoutMillis } = this.#request;
    const why = whyUnwanted(signal);
    if (settleMillis === undefined || !this.#isSent) this.#abort(why);
    else if (why.type === 'shutting_down') this.#limit(Math.min(SHUTDOWN_MILLIS, settleMillis), () => unsettled(why));
    else if (settleMillis < responseTimeoutMillis) this.#limit(settleMillis, () => unsettled(why));
  };

  get #isSent(): boolean {
    const stream = streamOf(this.#request.body);
    return this.#controller !== undefined && !this.#lacksPieces && (stream === undefined || stream.readableEnded);
  }

  #abort(failure: Failure): void {
    this.#aborted = failure;
    this.#controller?.abort(failure);
    this.#settle();
    this.#reject(failure); // a second settlement of the promise is ignored
  }

  #settle(error?: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#stopClock();
    this.#watch?.end(error);
    const { body, sent, signal } = this.#request;
    const stream = streamOf(body);
    if (body !== undefined) sent(stream?.readBytes ?? this.#sentBytes);
    signal.removeEventListener('abort', this.#onAbort);
    stream?.off('pause', this.#awaitDrain).off('resume', this.#stopClock).off('end', this.#awaitResponse);
  }
}
