/**
 * The connection of a request, which undici publishes on a diagnostics channel only: in the same call in which it starts the request.
 * There is one subscription, from the first watch on. Each subscription changes the prototype of the channel, so that V8 would discard
 * undici's optimized code again and again.
 */
import { channel } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { ConnectionFailed } from './connection-error.ts';
import { type ConnectionTiming, timingOf } from './connection-timing.ts';

export interface UsedConnection {
  readonly address: string | undefined;
  readonly port: number | undefined;
  /** Whether an earlier request has used it. */
  readonly isReused: boolean;
  /** Of a new connection. */
  readonly timing: ConnectionTiming | undefined;
}

/** @param waitedSeconds for the connection; undefined for a short wait for a connection that was there. */
export type TakeConnection = (connection: UsedConnection, waitedSeconds: number | undefined) => void;

/** undici starts a request with a stream in a microtask, and the next one of a connection after the end of the turn. */
const SHORT_MILLIS = 1;

/** The watch of the request that undici is starting. */
let starting: ConnectionWatch | undefined;

function onSending(message: unknown): void {
  const watch = starting;
  starting = undefined;
  watch?.sending((message as { socket: Socket }).socket);
}

let isSubscribed = false;

function subscribeOnce(): void {
  if (isSubscribed) return;
  isSubscribed = true;
  channel('undici:client:sendHeaders').subscribe(onSending);
}

/** The watch of one request for its connection. */
export class ConnectionWatch {
  readonly #take: TakeConnection;
  /** As `performance.now()`. undici begins to connect within the dispatch, so the wait for a new connection begins before it. */
  readonly #createdAt = performance.now();
  #isStarted = false;
  /** As `performance.now()`; undefined if the dispatch started the request at once. The dispatch itself does not count. */
  #dispatchedAt: number | undefined;

  /** Create it just before the dispatch. @param take is called at most once for an established connection. */
  constructor(take: TakeConnection) {
    this.#take = take;
    subscribeOnce();
  }

  /** After the dispatch: a request that has not been started waits for a connection. */
  dispatched(): void {
    if (!this.#isStarted) this.#dispatchedAt = performance.now();
  }

  /** undici starts the request, and sends its headers next. */
  started(): void {
    this.#isStarted = true;
    starting = this;
  }

  /** @param socket on which the headers are about to be sent. */
  sending(socket: Socket): void {
    this.#give(usedConnection(socket));
  }

  /** The request has ended. */
  end(error?: Error): void {
    if (starting === this) starting = undefined;
    if (!this.#isStarted && error instanceof ConnectionFailed) this.#give(failedConnection(error));
  }

  #give(connection: UsedConnection): void {
    this.#take(connection, waitForConnection(connection, this.#waitedMillis(connection)));
  }

  #waitedMillis({ isReused }: UsedConnection): number {
    if (this.#dispatchedAt === undefined) return 0;
    return performance.now() - (isReused ? this.#dispatchedAt : this.#createdAt);
  }
}

/** @param socket on which the request has written nothing yet. */
export function usedConnection(socket: Socket): UsedConnection {
  const { remoteAddress: address, remotePort: port } = socket;
  const isReused = socket.bytesWritten > 0;
  return { address, port, isReused, timing: isReused ? undefined : timingOf(socket) };
}

/** @returns seconds; undefined for a short wait for a connection that was there. */
export function waitForConnection({ isReused }: UsedConnection, millis: number): number | undefined {
  return isReused && millis < SHORT_MILLIS ? undefined : millis / 1000;
}

/** A new connection that was not established. */
export function failedConnection({ cause }: ConnectionFailed): UsedConnection {
  return { address: undefined, port: undefined, isReused: false, timing: timingOf(cause as Error) };
}
