/**
 * The clock of one request, and the only writer of its waits. Waits for the same cause may overlap: each second counts
 * once. Waits for different causes are counted independently of each other.
 */
import type { Transfer } from '../domain/stages.ts';

export type WaitCause = 'client' | 'store' | 'memory' | 'connection' | 'retry';

interface Counter {
  seconds: number;
  /** Waits that are running. */
  running: number;
  /** When the first of them began, as `performance.now()`. */
  since: number;
}

/** One place in the code that waits, again and again, for one cause. */
export class Wait {
  readonly #counter: Counter;
  #since: number | undefined;

  constructor(counter: Counter) {
    this.#counter = counter;
  }

  get isRunning(): boolean {
    return this.#since !== undefined;
  }

  /** Safe to call while it is running. */
  start(): void {
    if (this.#since !== undefined) return;
    this.#since = performance.now();
    if (this.#counter.running++ === 0) this.#counter.since = this.#since;
  }

  /** @returns milliseconds since `start`; 0 if it was not running. */
  stop(): number {
    if (this.#since === undefined) return 0;
    const now = performance.now();
    const millis = now - this.#since;
    this.#since = undefined;
    if (--this.#counter.running === 0) this.#counter.seconds += (now - this.#counter.since) / 1000;
    return millis;
  }
}

/** In the order of `waitsFor`. */
const CAUSES: readonly WaitCause[] = ['memory', 'store', 'client', 'connection', 'retry'];

export class TransferClock implements Transfer {
  bytes = 0;
  firstByteAt: number | undefined;
  lastByteAt: number | undefined;
  readonly #counters: Readonly<Record<WaitCause, Counter>> = {
    client: { seconds: 0, running: 0, since: 0 },
    store: { seconds: 0, running: 0, since: 0 },
    memory: { seconds: 0, running: 0, since: 0 },
    connection: { seconds: 0, running: 0, since: 0 },
    retry: { seconds: 0, running: 0, since: 0 },
  };

  get clientWaitSeconds(): number {
    return this.#counters.client.seconds;
  }

  get storeWaitSeconds(): number {
    return this.#counters.store.seconds;
  }

  get memoryWaitSeconds(): number {
    return this.#counters.memory.seconds;
  }

  get connectionWaitSeconds(): number {
    return this.#counters.connection.seconds;
  }

  get retryWaitSeconds(): number {
    return this.#counters.retry.seconds;
  }

  /**
   * What the request waits for at the moment: the store before the client, because a part may be sent while the next one arrives.
   * The client comes before the connection and the next attempt of a part: while its bytes arrive, these delay nothing.
   * During the pause between two attempts, the request waits for the store.
   */
  get waitsFor(): Exclude<WaitCause, 'retry'> | undefined {
    const cause = CAUSES.find((each) => this.#counters[each].running > 0);
    return cause === 'retry' ? 'store' : cause;
  }

  received(bytes: number): void {
    this.bytes += bytes;
  }

  wait(cause: WaitCause): Wait {
    return new Wait(this.#counters[cause]);
  }

  /** Counts the time until the promise is settled. */
  async during<T>(cause: WaitCause, promise: Promise<T>): Promise<T> {
    const wait = this.wait(cause);
    wait.start();
    return promise.finally(() => wait.stop());
  }
}
