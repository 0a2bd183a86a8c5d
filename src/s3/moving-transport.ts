/** Requests to a store over plain HTTP whose bodies a pump moves. */
import { request as httpRequest } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import type { MovedBody } from '../domain/body-pump.ts';
import { Failure } from '../domain/failure.ts';
import { MovingAgent } from './moving-agent.ts';
import { MovingExchange } from './moving-exchange.ts';
import { storeConnector } from './store-connector.ts';
import type { StoreResponse, TransportRequest } from './store-transport.ts';
import { unsettled } from './transport-failure.ts';
import type { UndiciOptions } from './undici-transport.ts';

export class MovingTransport {
  readonly #agent: MovingAgent;
  readonly #host: string;
  readonly #port: string;
  readonly #running = new Set<MovingExchange>();

  /** @param idleElsewhere idle connections of another pool to the same store. */
  constructor({ origin, connections, connectTimeoutMillis }: UndiciOptions, idleElsewhere: () => number) {
    const { hostname, port } = new URL(origin);
    this.#host = hostname.replace(/^\[|\]$/g, '');
    this.#port = port || '80';
    this.#agent = new MovingAgent(storeConnector(connectTimeoutMillis), connections, idleElsewhere);
  }

  get idleConnections(): number {
    return this.#agent.idleConnections;
  }

  async send(request: TransportRequest, body: MovedBody): Promise<StoreResponse> {
    const { method, path, headers } = request;
    const open = () => httpRequest({ agent: this.#agent, host: this.#host, port: this.#port, method, path, headers });
    const exchange = new MovingExchange(request, body, open);
    this.#running.add(exchange);
    return exchange.send().finally(() => this.#running.delete(exchange));
  }

  /** Requests that this ends are reported before the last spans are delivered. */
  async close(): Promise<void> {
    const failure = unsettled(new Failure('shutting_down'));
    const ended = Array.from(this.#running, (exchange) => exchange.ended);
    for (const exchange of this.#running) exchange.lose(failure);
    await Promise.all(ended);
    this.#agent.destroy();
    await setImmediate();
  }
}
