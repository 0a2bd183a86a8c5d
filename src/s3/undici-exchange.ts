/** One exchange with a store over undici, as the events of its dispatch: timeouts, abortion, the response, the outcome. */
import type { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { type OutgoingBody, streamOf } from '../body/outgoing-body.ts';
import { Failure } from '../domain/failure.ts';
import { whyUnwanted } from '../domain/while-wanted.ts';
import { ConnectionWatch } from '../kit/used-connection.ts';
import { type ClockedExchange, ExchangeClock } from './exchange-clock.ts';
import { ReceivedResponse } from './received-response.ts';
import type { StoreResponse, TransportRequest } from './store-transport.ts';
import { respondedTooEarly, transportFailure } from './transport-failure.ts';

/** Called for each of several pieces when the connection requests it. */
type OnPiece = (piece: Buffer, isLast: boolean) => void;

export function undiciBodyOf(body: OutgoingBody, onPiece: OnPiece): Buffer | Readable | null {
  if (body === undefined || Buffer.isBuffer(body)) return body ?? null;
  if ('moved' in body) throw new Error('undici cannot move a body');
  // undici accepts every iterable; its types know only streams.
  return 'stream' in body ? body.stream : (eachOf(body.pieces, onPiece) as unknown as Readable);
}

function* eachOf(pieces: readonly Buffer[], onPiece: OnPiece): Generator<Buffer> {
  for (const [i, piece] of pieces.entries()) {
    onPiece(piece, i === pieces.length - 1);
    yield piece;
  }
}

export class UndiciExchange implements Dispatcher.DispatchHandler, ClockedExchange {
  readonly #request: TransportRequest;
  readonly #resolve: (response: StoreResponse) => void;
  readonly #reject: (failure: Failure) => void;
  #controller: Dispatcher.DispatchController | undefined;
  /** Why the exchange was aborted. */
  #aborted: Failure | undefined;
  readonly #clock: ExchangeClock;
  readonly #response = new ReceivedResponse();
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
    this.#clock = new ExchangeClock(request, this);
    const { awaitDrain, awaitResponse, stop } = this.#clock;
    streamOf(request.body)?.on('pause', awaitDrain).on('resume', stop).once('end', awaitResponse);
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
    if (this.#request.signal.aborted) return void this.abort(whyUnwanted(this.#request.signal));
    this.#watch?.started();
    if (streamOf(this.#request.body) === undefined) this.#clock.awaitResponse();
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
    this.#clock.responded();
    this.#request.observer?.responseBegun();
    this.#response.begin(status, headers);
  }

  onResponseData(controller: Dispatcher.DispatchController, bytes: Buffer): void {
    try {
      const isWaiting = this.#response.add(bytes);
      const { status, headers } = this.#response;
      if (isWaiting && status === 200) this.#request.onWhiteSpace?.(headers);
    } catch (thrown) {
      controller.abort(thrown as Failure);
    }
  }

  onResponseEnd(): void {
    this.#settle();
    try {
      if (this.#lacksPieces && this.#response.status < 300) throw respondedTooEarly();
      this.#resolve(this.#response.whole());
    } catch (thrown) {
      this.#reject(thrown as Failure);
    }
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#settle(error);
    this.#reject(transportFailure(error));
  }

  readonly onPiece: OnPiece = (piece, isLast) => {
    this.#sentBytes += piece.length;
    this.#lacksPieces = !isLast;
    if (isLast) this.#clock.awaitResponse();
    else this.#clock.awaitDrain();
  };

  get isSent(): boolean {
    const stream = streamOf(this.#request.body);
    return this.#controller !== undefined && !this.#lacksPieces && (stream === undefined || stream.readableEnded);
  }

  abort(failure: Failure): void {
    this.#aborted = failure;
    this.#controller?.abort(failure);
    this.#settle();
    this.#reject(failure); // a second settlement of the promise is ignored
  }

  #settle(error?: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#clock.end();
    this.#watch?.end(error);
    const { body, sent } = this.#request;
    const stream = streamOf(body);
    if (body !== undefined) sent(stream?.readBytes ?? this.#sentBytes);
    const { awaitDrain, awaitResponse, stop } = this.#clock;
    stream?.off('pause', awaitDrain).off('resume', stop).off('end', awaitResponse);
  }
}
