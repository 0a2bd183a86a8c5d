/**
 * The clock of one request, and the only writer of its waits. Waits for the same cause may overlap: each second counts
 * once. Waits for different causes are counted independently of each other.
 */
import { performance } from 'node:perf_hooks';
import type { MovedFigures } from '../domain/body-pump.ts';
import type { Transfer } from '../domain/stages.ts';
import type { WayName } from '../domain/upload-way.ts';

export type WaitCause = 'policy' | 'client' | 'store' | 'memory' | 'connection' | 'retry';

/** The wait of this moment. */
export interface CurrentWait {
  readonly cause: Exclude<WaitCause, 'retry'>;
  /** As `performance.now()`. */
  readonly since: number;
}

/** One part of a split object on its way to the store. */
export interface PartUnderWay {
  readonly number: number;
  readonly bytes: number;
  /** As `performance.now()`. */
  readonly since: number;
  /** Runs while it waits for a connection. */
  readonly connection: Pick<Wait, 'isRunning'>;
}

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
const CAUSES: readonly WaitCause[] = ['policy', 'memory', 'store', 'client', 'connection', 'retry'];

export class TransferClock implements Transfer {
  #bytes = 0;
  #firstByteAt: number | undefined;
  #lastByteAt: number | undefined;
  /** Of bodies that a pump moves at the moment. */
  #followed: readonly MovedFigures[] = [];
  #parts: Set<PartUnderWay> | undefined;
  /** How the body moves; undefined before that is chosen. */
  way: WayName | undefined;
  /** Object bytes that the client has declared; undefined before they are known, and where they are not. */
  sizeBytes: number | undefined;
  readonly #counters: Readonly<Record<WaitCause, Counter>> = {
    policy: { seconds: 0, running: 0, since: 0 },
    client: { seconds: 0, running: 0, since: 0 },
    store: { seconds: 0, running: 0, since: 0 },
    memory: { seconds: 0, running: 0, since: 0 },
    connection: { seconds: 0, running: 0, since: 0 },
    retry: { seconds: 0, running: 0, since: 0 },
  };

  get bytes(): number {
    return this.#followed.reduce((sum, { bytes }) => sum + bytes, this.#bytes);
  }

  get firstByteAt(): number | undefined {
    return this.#followed.reduce((first, { firstByteAt }) => earlier(first, firstByteAt), this.#firstByteAt);
  }

  set firstByteAt(at: number | undefined) {
    this.#firstByteAt = at;
  }

  get lastByteAt(): number | undefined {
    return this.#followed.reduce((last, { lastByteAt }) => later(last, lastByteAt), this.#lastByteAt);
  }

  set lastByteAt(at: number | undefined) {
    this.#lastByteAt = at;
  }

  get clientWaitSeconds(): number {
    const { seconds } = this.#counters.client;
    return this.#followed.reduce((sum, { clientWaitSeconds }) => sum + clientWaitSeconds, seconds);
  }

  get storeWaitSeconds(): number {
    const { seconds } = this.#counters.store;
    return this.#followed.reduce((sum, { storeWaitSeconds }) => sum + storeWaitSeconds, seconds);
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
  get waitsFor(): CurrentWait['cause'] | undefined {
    return this.currentWait?.cause;
  }

  /** The same, with its begin. */
  get currentWait(): CurrentWait | undefined {
    for (const cause of CAUSES) {
      const { running, since } = this.#counters[cause];
      if (running > 0) return { cause: cause === 'retry' ? 'store' : cause, since };
      for (const { waitsFor, waitsSince } of this.#followed)
        if (waitsFor === cause) return { cause: waitsFor, since: waitsSince };
    }
    return undefined;
  }

  /** Parts of a split object that are being sent. */
  get parts(): Iterable<PartUnderWay> {
    return this.#parts ?? [];
  }

  /** @returns ends it. */
  partBegins(part: PartUnderWay): () => void {
    const parts = (this.#parts ??= new Set());
    parts.add(part);
    return () => void parts.delete(part);
  }

  received(bytes: number): void {
    this.#bytes += bytes;
  }

  /**
   * Includes a body that a pump moves. Its waits are added, also where they overlap with others.
   * @returns a function that keeps the final figures. Safe to call twice.
   */
  follow(figures: MovedFigures): () => void {
    this.#followed = [...this.#followed, figures];
    return () => {
      if (this.#followed.includes(figures)) this.#keep(figures);
    };
  }

  #keep(figures: MovedFigures): void {
    this.#followed = this.#followed.filter((each) => each !== figures);
    this.#bytes += figures.bytes;
    this.#firstByteAt = earlier(this.#firstByteAt, figures.firstByteAt);
    this.#lastByteAt = later(this.#lastByteAt, figures.lastByteAt);
    this.#counters.client.seconds += figures.clientWaitSeconds;
    this.#counters.store.seconds += figures.storeWaitSeconds;
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

type Moment = number | undefined;

const earlier = (a: Moment, b: Moment): Moment => (a === undefined || b === undefined ? (a ?? b) : Math.min(a, b));
const later = (a: Moment, b: Moment): Moment => (a === undefined || b === undefined ? (a ?? b) : Math.max(a, b));
