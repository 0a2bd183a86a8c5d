/**
 * Requests to a store over the network. undici sends them, with one exception: bodies that a pump moves. Each of the two has its pool of
 * keep-alive connections. The StoreLine of the bucket bounds the requests of both together.
 */
import { MovingTransport } from './moving-transport.ts';
import type { StoreResponse, StoreTransport, TransportRequest } from './store-transport.ts';
import { type UndiciOptions, UndiciTransport } from './undici-transport.ts';

export class NetworkTransport implements StoreTransport {
  readonly #undici: UndiciTransport;
  readonly #moving: MovingTransport | undefined;

  private constructor(undici: UndiciTransport, moving: MovingTransport | undefined) {
    this.#undici = undici;
    this.#moving = moving;
  }

  static open(options: UndiciOptions): NetworkTransport {
    const undici = UndiciTransport.open(options);
    const isPlain = new URL(options.origin).protocol === 'http:';
    const moving = isPlain ? new MovingTransport(options, () => undici.idleConnections) : undefined;
    return new NetworkTransport(undici, moving);
  }

  /** A pump cannot encrypt. */
  get canMove(): boolean {
    return this.#moving !== undefined;
  }

  send(request: TransportRequest): Promise<StoreResponse> {
    const { body } = request;
    const isMoved = this.#moving !== undefined && body !== undefined && 'moved' in body;
    return isMoved ? this.#moving.send(request, body.moved) : this.#undici.send(request);
  }

  get idleConnections(): number {
    return this.#undici.idleConnections + (this.#moving?.idleConnections ?? 0);
  }

  async close(): Promise<void> {
    await Promise.all([this.#undici.close(), this.#moving?.close()]);
  }
}
