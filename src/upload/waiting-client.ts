/** The client of a call that takes the store long: it gets white space, so that neither it nor a balancer gives up. */
import type { Incoming } from '../domain/stages.ts';
import { headersForClient } from '../s3/header-allow-list.ts';

export class WaitingClient {
  readonly #incoming: Incoming;
  readonly #millis: number;
  #timer: NodeJS.Timeout | undefined;

  /** @param millis of silence after which, and between which, it gets white space. */
  constructor(incoming: Incoming, millis: number) {
    this.#incoming = incoming;
    this.#millis = millis;
  }

  /** The store has the request from here on. */
  readonly begin = (): void => {
    this.#timer ??= setInterval(() => this.#incoming.keepWaiting(), this.#millis);
  };

  /** The store has sent white space itself. @param headers of its response. */
  readonly comfort = (headers: Readonly<Record<string, string>>): void => {
    this.#timer?.refresh();
    this.#incoming.keepWaiting(headersForClient(headers));
  };

  end(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
