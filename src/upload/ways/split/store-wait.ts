/**
 * When a split object waits for the store: it cannot go on, and at least one attempt is in flight. The next bytes of the client
 * arrive while parts are sent: such a second is not a wait for the store. Neither is a pause or a queue between two attempts.
 */
import type { TransferClock, Wait } from '../../../body/transfer-clock.ts';

export class StoreWait {
  readonly #wait: Wait;
  #attempts = 0;
  #blocked = 0;

  constructor(transfer: TransferClock) {
    this.#wait = transfer.wait('store');
  }

  /** An attempt begins. */
  start(): void {
    this.#attempts++;
    this.#update();
  }

  /** An attempt ends. */
  stop(): void {
    this.#attempts--;
    this.#update();
  }

  /** The object cannot go on until the promise is settled. */
  async during<T>(promise: Promise<T>): Promise<T> {
    this.#blocked++;
    this.#update();
    return promise.finally(() => {
      this.#blocked--;
      this.#update();
    });
  }

  #update(): void {
    if (this.#blocked > 0 && this.#attempts > 0) this.#wait.start();
    else this.#wait.stop();
  }
}
