/** One stream of events. A watcher that does not read is skipped, and disconnected after 30 s. */
import type { ServerResponse } from 'node:http';

const STALLED_MILLIS = 30_000;

export class Watcher {
  readonly #response: ServerResponse;
  #stalled: NodeJS.Timeout | undefined;

  constructor(response: ServerResponse) {
    this.#response = response;
    response.on('drain', () => this.#read());
    response.on('error', () => {}); // its close follows
    this.send('retry: 2000\n\n');
  }

  onClose(closed: () => void): void {
    this.#response.once('close', () => {
      this.#read();
      closed();
    });
  }

  /** Not while earlier events are still in the buffer. */
  get isReady(): boolean {
    return !this.#response.writableNeedDrain;
  }

  send(event: string | Uint8Array): void {
    if (this.#response.write(event)) return;
    this.#stalled ??= setTimeout(() => this.#response.destroy(), STALLED_MILLIS).unref();
  }

  #read(): void {
    clearTimeout(this.#stalled);
    this.#stalled = undefined;
  }

  end(): void {
    this.#response.destroy();
  }
}
