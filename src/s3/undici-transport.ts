/** Requests to a store over a pool of keep-alive connections of undici. */
import { setImmediate } from 'node:timers/promises';
import { type Dispatcher, Pool } from 'undici';
import { Failure } from '../domain/failure.ts';
import { storeConnector } from './store-connector.ts';
import type { StoreResponse, StoreTransport, TransportRequest } from './store-transport.ts';
import { unsettled } from './transport-failure.ts';
import { UndiciExchange, undiciBodyOf } from './undici-exchange.ts';

export interface UndiciOptions {
  /** Scheme, host and port. */
  readonly origin: string;
  readonly connections: number;
  readonly connectTimeoutMillis: number;
  /** PEM of the authorities to trust instead of the public ones. */
  readonly ca: string | undefined;
}

export class UndiciTransport implements StoreTransport {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  static open({ origin, connections, connectTimeoutMillis, ca }: UndiciOptions): UndiciTransport {
    const connect = storeConnector(connectTimeoutMillis, ca);
    return new UndiciTransport(new Pool(origin, { connect, connections, allowH2: false, pipelining: 1 }));
  }

  send(request: TransportRequest): Promise<StoreResponse> {
    return new Promise((resolve, reject) => {
      const exchange = new UndiciExchange(request, resolve, reject);
      const options: Dispatcher.DispatchOptions = {
        method: request.method,
        path: request.path,
        headers: request.headers,
        body: undiciBodyOf(request.body, exchange.onPiece),
        // The exchange has its own timeouts: undici's run while a slow client is still sending.
        headersTimeout: 0,
        bodyTimeout: request.responseTimeoutMillis,
      };
      try {
        this.#pool.dispatch(options, exchange);
        exchange.dispatched();
      } catch (error) {
        exchange.refused(error as Error);
      }
    });
  }

  get idleConnections(): number {
    return this.#pool.stats.free;
  }

  /** Requests that this ends are reported before the last spans are delivered. */
  async close(): Promise<void> {
    await this.#pool.destroy(unsettled(new Failure('shutting_down')));
    await setImmediate();
  }
}
