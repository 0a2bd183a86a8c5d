/** A client of the benchmark of port sharing: one connection and the fate of its requests. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A response, or the way in which a connection fails. */
export type Outcome = 'served' | 'refused' | 'reset' | 'no response';

export class PortClient {
  readonly #socket: Socket;
  #settle: ((outcome: Outcome) => void) | undefined;
  /** The process that has sent the last response. */
  worker = '';

  constructor(port: number) {
    this.#socket = connect(port, '127.0.0.1');
    this.#socket.setEncoding('latin1');
    let received = '';
    this.#socket.on('data', (text) => {
      received += text;
      if (!received.includes('\r\n\r\n')) return;
      this.worker = /x-worker: (\d+)/.exec(received)![1]!;
      received = '';
      this.#settle?.('served');
    });
    this.#socket.on('error', ({ code }: NodeJS.ErrnoException) =>
      this.#settle?.(code === 'ECONNREFUSED' ? 'refused' : 'reset'),
    );
    this.#socket.on('close', () => this.#settle?.('reset'));
  }

  /** @param millis after which the response is given up. */
  request(millis: number): Promise<Outcome> {
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    const timer = setTimeout(() => resolve('no response'), millis);
    this.#settle = (outcome) => {
      clearTimeout(timer);
      resolve(outcome);
    };
    this.#socket.write('GET / HTTP/1.1\r\nHost: uploads.example\r\n\r\n');
    return promise;
  }

  async close(): Promise<void> {
    if (this.#socket.destroyed) return;
    const closed = once(this.#socket, 'close');
    this.#socket.destroy();
    await closed;
  }
}
