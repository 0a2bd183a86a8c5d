/** Reads the responses of one connection, one after the other. */
import type { Socket } from 'node:net';

export interface ReadResponse {
  readonly status: number;
  /** Whether the server closes the connection after it. */
  readonly isLast: boolean;
}

export class ResponseReader {
  #bytes = '';
  #isClosed = false;
  #changed = Promise.withResolvers<void>();
  /** Number of responses with status 100 so far. */
  continues = 0;
  readonly #responses: ReadResponse[] = [];

  constructor(socket: Socket) {
    socket.on('data', (bytes) => this.#read(bytes.toString('latin1')));
    socket.on('error', () => {});
    socket.on('close', () => this.#close());
    socket.on('end', () => this.#close());
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Final responses so far. */
  get count(): number {
    return this.#responses.length;
  }

  /** @returns the response of this index; undefined if the connection has ended before. */
  async response(index: number): Promise<ReadResponse | undefined> {
    while (this.#responses.length <= index && !this.#isClosed) await this.#changed.promise;
    return this.#responses[index];
  }

  /** Waits until status 100, a final response, or the end. */
  async continued(seen: number, index: number): Promise<void> {
    while (this.continues === seen && this.#responses.length <= index && !this.#isClosed) await this.#changed.promise;
  }

  #read(text: string): void {
    this.#bytes += text;
    for (let end = this.#bytes.indexOf('\r\n\r\n'); end >= 0; end = this.#bytes.indexOf('\r\n\r\n')) {
      const headers = this.#bytes.slice(0, end);
      const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(headers)?.[1]);
      const length = Number(/\r\ncontent-length: (\d+)/i.exec(headers)?.[1] ?? 0);
      const whole = end + 4 + length;
      if (this.#bytes.length < whole) break;
      this.#bytes = this.#bytes.slice(whole);
      if (status === 100) this.continues++;
      else this.#responses.push({ status, isLast: /\r\nconnection: close/i.test(headers) });
    }
    this.#tell();
  }

  #close(): void {
    this.#isClosed = true;
    this.#tell();
  }

  #tell(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }
}
