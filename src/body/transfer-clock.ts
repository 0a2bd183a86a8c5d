/**
 * The clock of one request, and the only writer of its waits. Waits for the same cause may overlap: each second counts
 * once. Waits for different causes are counted independently of each other.
 */
import type { MovedFigures } from '../domain/body-pump.ts';
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
  #bytes = 0;
  #firstByteAt: number | undefined;
  #lastByteAt: number | undefined;
  /** Of a pump that moves the body at the moment. */
  #pump: { readonly figures: MovedFigures } | undefined;
  readonly #counters: Readonly<Record<WaitCause, Counter>> = {
    client: { seconds: 0, running: 0, since: 0 },
    store: { seconds: 0, running: 0, since: 0 },
    memory: { seconds: 0, running: 0, since: 0 },
    connection: { seconds: 0, running: 0, since: 0 },
    retry: { seconds: 0, running: 0, since: 0 },
  };

  get bytes(): number {
    return this.#bytes + (this.#pump?.figures.bytes ?? 0);
  }

  get firstByteAt(): number | undefined {
    return this.#firstByteAt ?? this.#pump?.figures.firstByteAt;
  }

  get lastByteAt(): number | undefined {
    return this.#lastByteAt ?? this.#pump?.figures.lastByteAt;
  }

  get clientWaitSeconds(): number {
    return this.#counters.client.seconds + (this.#pump?.figures.clientWaitSeconds ?? 0);
  }

  get storeWaitSeconds(): number {
    return this.#counters.store.seconds + (this.#pump?.figures.storeWaitSeconds ?? 0);
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
    const pumps = this.#pump?.figures.waitsFor;
    const cause = CAUSES.find((each) => each === pumps || this.#counters[each].running > 0);
    return cause === 'retry' ? 'store' : cause;
  }

  received(bytes: number): void {
    this.#bytes += bytes;
  }

  /** The first byte of the body has arrived; later calls have no effect. */
  begins(): void {
    this.#firstByteAt ??= performance.now();
  }

  /** The last byte of the body has arrived. */
  ends(): void {
    this.#lastByteAt = performance.now();
  }

  /** Adds the figures of a pump, as they change. @returns a function that adds their last values for good. */
  follow(pump: { readonly figures: MovedFigures }): () => void {
    this.#pump = pump;
    return () => {
      if (this.#pump !== pump) return;
      this.#pump = undefined;
      const { bytes, firstByteAt, lastByteAt, clientWaitSeconds, storeWaitSeconds } = pump.figures;
      this.#bytes += bytes;
      this.#firstByteAt ??= firstByteAt;
      this.#lastByteAt ??= lastByteAt;
      this.#counters.client.seconds += clientWaitSeconds;
      this.#counters.store.seconds += storeWaitSeconds;
    };
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
