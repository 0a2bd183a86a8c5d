/** One worker as the primary sees it: its process, and requests to it. */
import cluster, { type Worker } from 'node:cluster';
import type { PlainFamily } from '../metrics/merged-metrics.ts';
import type { FromWorker, RequestName, Requests, ToWorker, WorkerStart } from './messages.ts';

export interface Listening {
  readonly host: string;
  readonly port: number;
}

/** Longest wait for one response, in milliseconds. Opening the buckets of a new configuration may take the longest. */
const RESPONSE_MILLIS = 30_000;
/** The same for values that a scrape, a probe or a page waits for. */
const SOON_MILLIS = 2_000;
const SOON: ReadonlySet<RequestName> = new Set(['metrics', 'ready', 'view']);
/** Longest time from the start of the process until it listens. */
const START_MILLIS = 60_000;

/** Its exit code, or the signal that ended it, or why it could not be created. A message that could not be sent is not its end. */
function exitOf(worker: Worker): Promise<number | string> {
  return new Promise((resolve) => {
    worker.once('exit', (code: number | null, signal: string) => resolve(code ?? signal));
    worker.on('error', ({ code = 'unknown' }: NodeJS.ErrnoException) => {
      if (worker.process.pid === undefined) resolve(code);
    });
  });
}

interface Waiting {
  resolve(value: never): void;
  reject(error: Error): void;
}

export class WorkerProcess {
  readonly slot: number;
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  /** Resolves when it accepts connections. Rejects if it cannot start. */
  readonly listening: Promise<Listening>;
  /** Resolves when the process is no more: with its exit code, or the signal that ended it. */
  readonly exited: Promise<number | string>;
  /** The last values of its metrics, if it could still send them. */
  lastMetrics: readonly PlainFamily[] | undefined;
  /** Whether its end was requested. */
  isEnding = false;
  readonly startedAt = performance.now();
  readonly #late: NodeJS.Timeout;
  #ids = 0;

  constructor(slot: number, start: Omit<WorkerStart, 'type'>) {
    this.slot = slot;
    this.#worker = cluster.fork();
    const listening = Promise.withResolvers<Listening>();
    this.listening = listening.promise;
    this.listening.catch(() => {});
    this.#worker.on('message', (message: FromWorker) => this.#take(message, listening));
    this.exited = exitOf(this.#worker).then((end) => {
      const error = new Error(`worker ${this.pid ?? slot + 1} has ended (${end})`);
      listening.reject(error);
      for (const { reject } of this.#waiting.values()) reject(error);
      this.#waiting.clear();
      clearTimeout(this.#late);
      return end;
    });
    this.#late = setTimeout(() => this.abort(), START_MILLIS);
    this.listening.then(
      () => clearTimeout(this.#late),
      () => {},
    );
    this.#send({ type: 'start', ...start });
  }

  /** Of all workers so far. */
  get id(): number {
    return this.#worker.id;
  }

  /** Undefined if the process could not be created. */
  get pid(): number | undefined {
    return this.#worker.process.pid;
  }

  /** @throws Error if the worker reports a problem, ends, or does not respond. */
  request<N extends RequestName>(name: N, value: Requests[N]['request']): Promise<Requests[N]['response']> {
    const id = ++this.#ids;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => {
          this.#waiting.delete(id);
          reject(new Error(`worker ${this.pid} does not respond`));
        },
        SOON.has(name) ? SOON_MILLIS : RESPONSE_MILLIS,
      );
      const settle = (): void => clearTimeout(timer);
      this.#waiting.set(id, {
        resolve: (result) => {
          settle();
          resolve(result);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      });
      this.#send({ type: 'request', id, name, value });
    });
  }

  close(): void {
    this.isEnding = true;
    this.#send({ type: 'close' });
  }

  /** Another worker has its place. It finishes the requests on its connections. */
  retire(): void {
    this.isEnding = true;
    this.#send({ type: 'retire' });
  }

  kill(): void {
    this.isEnding = true;
    this.abort();
  }

  /** Ends a worker that does not do what it should. It is replaced. */
  abort(): void {
    this.#worker.process.kill('SIGKILL');
  }

  #send(message: ToWorker): void {
    // With a callback, node:cluster reports no error for a worker that has just ended.
    if (this.#worker.isConnected()) this.#worker.process.send(message, () => {});
  }

  #take(message: FromWorker, listening: PromiseWithResolvers<Listening>): void {
    switch (message.type) {
      case 'listening':
        listening.resolve({ host: message.host, port: message.port });
        break;
      case 'failed':
        listening.reject(Object.assign(new Error(message.message), { code: message.code }));
        break;
      case 'last':
        this.lastMetrics = message.metrics;
        break;
      case 'response':
        this.#settle(message.id, ({ resolve }) => resolve(message.value as never));
        break;
      case 'problem':
        this.#settle(message.id, ({ reject }) => reject(new Error(message.message)));
        break;
    }
  }

  #settle(id: number, settle: (waiting: Waiting) => void): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (waiting !== undefined) settle(waiting);
  }
}
