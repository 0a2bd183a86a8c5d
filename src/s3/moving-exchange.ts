/**
 * One exchange with a store whose body a pump moves. node:http sends the headers and the first bytes, and reads the response all the
 * time; the pump writes the rest to the same connection.
 */
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import type { MovedBody, Movement } from '../domain/body-pump.ts';
import { asFailure, Failure } from '../domain/failure.ts';
import { whyUnwanted } from '../domain/while-wanted.ts';
import { ConnectionFailed } from '../kit/connection-error.ts';
import { FairClock } from '../kit/fair-clock.ts';
import { failedConnection, type UsedConnection, usedConnection, waitForConnection } from '../kit/used-connection.ts';
import { within } from '../kit/within.ts';
import { type ClockedExchange, ExchangeClock } from './exchange-clock.ts';
import { ReceivedResponse } from './received-response.ts';
import type { StoreResponse, TransportRequest } from './store-transport.ts';
import { respondedTooEarly, transportFailure } from './transport-failure.ts';

/** Longest wait for a response that the store sent before it reset the connection, in milliseconds. */
const RESET_MILLIS = 200;

export class MovingExchange implements ClockedExchange {
  readonly #request: TransportRequest;
  readonly #body: MovedBody;
  readonly #open: () => ClientRequest;
  readonly #since = performance.now();
  readonly #clock: ExchangeClock;
  /** Rejects with the failure that ends the exchange. A body that is moving ends first. */
  readonly #broken = Promise.withResolvers<never>();
  readonly #response = Promise.withResolvers<IncomingMessage>();
  /** Ends the movement of a body that the store does not wait for. */
  readonly #early = respondedTooEarly();
  readonly #ended = Promise.withResolvers<void>();
  #http: ClientRequest | undefined;
  #movement: Movement | undefined;
  /** When the response began, as `performance.now()`. */
  #respondedAt: number | undefined;
  #sentBytes = 0;
  #isSent = false;
  /** Whether the store responded before the pump had sent the last byte. */
  #hasEarlyResponse = false;
  /** Whether the whole response was read. */
  #isRead = false;

  /** @param open sends nothing before the first write. */
  constructor(request: TransportRequest, body: MovedBody, open: () => ClientRequest) {
    this.#request = request;
    this.#body = body;
    this.#open = open;
    this.#broken.promise.catch(ignore);
    this.#clock = new ExchangeClock(request, this);
  }

  /** Resolves when `send` has settled. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  get isSent(): boolean {
    return this.#isSent;
  }

  /** Called once. @throws Failure */
  async send(): Promise<StoreResponse> {
    try {
      if (this.#request.signal.aborted) throw whyUnwanted(this.#request.signal);
      const socket = await this.#orBroken(this.#connect());
      await this.#orBroken(Promise.race([this.#sendFirst(socket), this.#response.promise]));
      if (this.#respondedAt === undefined) await this.#move(socket);
      return await this.#orBroken(this.#read());
    } catch (thrown) {
      throw asFailure(thrown);
    } finally {
      this.#clock.end();
      // Reset: only a connection whose body is complete, and whose response was read, is used again.
      if (!this.#isSent || !this.#isRead) this.#http?.destroy();
      this.#http?.off('error', this.#onError).on('error', ignore);
      this.#request.sent(this.#sentBytes);
      this.#ended.resolve();
    }
  }

  abort(failure: Failure): void {
    if (this.#movement === undefined) this.#broken.reject(failure);
    else this.#movement.abort(failure);
  }

  /** The connection is lost, also for the response to a body that has been moved completely. */
  lose(failure: Failure): void {
    this.#broken.reject(failure);
    this.#movement?.abort(failure);
  }

  #orBroken<T>(promise: Promise<T>): Promise<T> {
    return Promise.race([promise, this.#broken.promise]);
  }

  #connect(): Promise<Socket> {
    const http = this.#open();
    this.#http = http;
    http.on('error', this.#onError).once('response', this.#onResponse);
    return new Promise((resolve) =>
      http.once('socket', (socket) => {
        this.#connected(usedConnection(socket));
        resolve(socket);
      }),
    );
  }

  #connected(connection: UsedConnection): void {
    const waited = waitForConnection(connection, performance.now() - this.#since);
    this.#request.observer?.connected(connection, waited);
  }

  /** Resolves when nothing waits in the queue of the connection. */
  async #sendFirst(socket: Socket): Promise<void> {
    const { first } = this.#body;
    this.#clock.awaitDrain();
    await new Promise<void>((resolve) => {
      const flushed = (error?: Error | null): void => {
        if (!error) resolve(); // an error is one of the request, too
      };
      if (first.length > 0) this.#http!.write(first, flushed);
      else {
        this.#http!.flushHeaders();
        socket.write('', flushed);
      }
    });
    this.#clock.stop();
    this.#sentBytes = first.length;
    if (first.length > 0) this.#request.observer?.bodyBegun();
  }

  /** @throws Failure if the body is incomplete, and the store has not responded. */
  async #move(socket: Socket): Promise<void> {
    const movement = this.#body.begin(socket, this.#request.stallTimeoutMillis);
    this.#movement = movement;
    const moved = await movement.done;
    this.#movement = undefined;
    this.#sentBytes += moved.sent;
    const { observer } = this.#request;
    if (this.#body.first.length === 0 && moved.sent > 0) observer?.bodyBegun(movement.figures.firstByteAt);
    if (moved.failure === undefined) {
      this.#hasEarlyResponse = this.#respondedAt !== undefined && this.#respondedAt < moved.lastSentAt;
      this.#sent();
    } else await this.#awaitEarly(moved.failure);
  }

  #sent(): void {
    this.#isSent = true;
    this.#http!.end(); // its Content-Length has been sent: this sends nothing
    this.#request.observer?.requestSent(this.#respondedAt);
    this.#clock.awaitResponse();
    if (this.#request.signal.aborted) this.#clock.aborted();
  }

  /** The store may have responded before it closed the connection, and its response is still to be read. */
  async #awaitEarly(failure: Failure): Promise<void> {
    const isReset = failure.type === 'store_reset';
    if (isReset) await within(RESET_MILLIS, this.#orBroken(this.#response.promise));
    const mayRespond = isReset || failure === this.#early;
    if (this.#respondedAt === undefined || !mayRespond) throw failure;
  }

  async #read(): Promise<StoreResponse> {
    const response = await this.#response.promise;
    this.#clock.responded();
    this.#request.observer?.responseBegun(this.#respondedAt);
    const received = new ReceivedResponse();
    received.begin(response.statusCode ?? 0, response.headersDistinct);
    await this.#readDocument(response, received);
    this.#isRead = true;
    if ((!this.#isSent || this.#hasEarlyResponse) && received.status < 300) throw this.#early;
    return received.whole();
  }

  async #readDocument(response: IncomingMessage, received: ReceivedResponse): Promise<void> {
    const late = (): void => this.abort(new Failure('store_timeout', undefined, { reason: 'no_answer' }));
    const { responseTimeoutMillis } = this.#request;
    let clock = new FairClock(responseTimeoutMillis, late);
    try {
      for await (const bytes of response) {
        clock.stop();
        clock = new FairClock(responseTimeoutMillis, late);
        received.add(bytes as Buffer);
      }
    } catch (thrown) {
      throw transportFailure(thrown as Error);
    } finally {
      clock.stop();
    }
  }

  readonly #onResponse = (response: IncomingMessage): void => {
    this.#respondedAt = performance.now();
    response.on('error', ignore); // it may come before its reader, which then gets it
    this.#response.resolve(response);
    this.#movement?.abort(this.#early);
  };

  /** The connection failed. Behind the begin of the response, this is an error of the response if that is incomplete. */
  readonly #onError = (error: Error): void => {
    if (this.#respondedAt !== undefined) return;
    if (error instanceof ConnectionFailed) this.#connected(failedConnection(error));
    this.lose(transportFailure(error));
  };
}

const ignore = (): void => {};
