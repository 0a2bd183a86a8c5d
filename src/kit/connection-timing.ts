/** How long DNS, TCP and TLS of a new connection took. Measured once for each connection, by its connector. */
import { isIP, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import type { buildConnector } from 'undici';

/** Seconds. Undefined for steps that were not begun; an IP address needs no DNS. The last step of a failure is the one that failed. */
export interface ConnectionTiming {
  readonly dns?: number;
  readonly tcp?: number;
  readonly tls?: number;
}

type Step = keyof ConnectionTiming;

/** Of sockets, and of the errors of attempts that failed. */
const TIMINGS = new WeakMap<object, ConnectionTiming>();

/** @param connection its socket, or the error of its connector. */
export const timingOf = (connection: object): ConnectionTiming | undefined => TIMINGS.get(connection);

/** Times the steps of one connection, one after the other. */
export class ConnectionTimer {
  readonly #timing: { [step in Step]?: number } = {};
  #step: Step;
  #since = performance.now();

  constructor(hostname: string) {
    this.#step = isIP(hostname) === 0 ? 'dns' : 'tcp';
  }

  /** @param socket that is being connected. */
  watch(socket: Socket): void {
    socket.once('lookup', (error: Error | null) => {
      if (!error) this.#begin('tcp');
    });
  }

  /** The connection is established, and the handshake begins. */
  beginTls(): void {
    this.#begin('tls');
  }

  /** @param connection its socket, or the error of the attempt. */
  end(connection: object): void {
    this.#begin(this.#step);
    TIMINGS.set(connection, this.#timing);
  }

  #begin(step: Step): void {
    const now = performance.now();
    this.#timing[this.#step] = (now - this.#since) / 1000;
    this.#step = step;
    this.#since = now;
  }
}

/** The connector, with the timing of its connections. TLS begins when TCP has connected. */
export function timed(connect: buildConnector.connector): buildConnector.connector {
  return (options, callback) => {
    const timer = new ConnectionTimer(options.hostname);
    const socket = connecting(connect, options, (...[error, socket]) => {
      timer.end(error ?? socket);
      if (error === null) callback(null, socket);
      else callback(error, null);
    });
    timer.watch(socket);
    if (options.protocol === 'https:') socket.once('connect', () => timer.beginTls());
  };
}

/** Begins to connect. @returns the socket, which undici's connector returns although its type does not tell. */
export function connecting(connect: buildConnector.connector, ...args: Parameters<buildConnector.connector>): Socket {
  return connect(...args) as unknown as Socket;
}
