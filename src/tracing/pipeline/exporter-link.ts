/**
 * The main thread's end of the exporter thread: starts it, hands batches over, hears what became of them, and starts it
 * again should it die. Nothing here waits, and nothing that happens in the thread can throw here. The thread is started at
 * once and not with the first batch: that takes the main thread some 6 ms, which no request shall wait for.
 */
import { Worker } from 'node:worker_threads';
import type { Resolve } from '../../kit/shared-lookup.ts';
import type { Batch, ExporterSettings, FromExporter, LookupAnswer, Settlement, ToExporter } from './messages.ts';

export interface LinkEvents {
  /** @param memory of the batch, to be used again. */
  settled(batch: Batch, settlement: Settlement, memory: ArrayBuffer): void;
  /** The thread died with this batch. */
  lost(batch: Batch): void;
  /** Whether the collector counts as gone, whenever that changes. */
  broken(broken: boolean): void;
  /** An attempt failed and will be repeated, or the thread died. */
  trouble(message: string): void;
}

export interface LinkOptions {
  readonly settings: ExporterSettings;
  /** The program of the thread. */
  readonly program: URL;
  /** Finds the addresses of the collector, for the thread. */
  readonly lookUp: Resolve;
  readonly events: LinkEvents;
}

type Question = Extract<FromExporter, { type: 'look_up' }>;

/** Megabytes of heap: grpc-js takes about twenty, batches and answers are outside of it. */
const HEAP = { maxOldGenerationSizeMb: 96, maxYoungGenerationSizeMb: 16 };
const FIRST_RESTART_MILLIS = 1_000;
const LONGEST_RESTART_MILLIS = 60_000;
/** All that the thread may see of the environment: how grpc-js finds a proxy. No NODE_OPTIONS, so no preloaded code. */
const ENVIRONMENT = ['grpc_proxy', 'https_proxy', 'http_proxy', 'no_grpc_proxy', 'no_proxy'];

export class ExporterLink {
  readonly #options: LinkOptions;
  /** Handed over and not settled. */
  readonly #posted = new Map<number, Batch>();
  /** Not handed over, because there is no thread. */
  #waiting: Batch[] = [];
  #worker: Worker | undefined;
  #restart: NodeJS.Timeout | undefined;
  #deaths = 0;
  #onClosed: (() => void) | undefined;
  #ended = false;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#start();
  }

  send(batch: Batch): void {
    if (this.#worker === undefined) this.#waiting.push(batch);
    else this.#post(this.#worker, batch);
  }

  /**
   * Lets the thread deliver what it has and ends it. Takes no longer than `timeoutMillis` and never rejects.
   * @returns the batches of which nothing was heard.
   */
  async close(timeoutMillis: number): Promise<Batch[]> {
    clearTimeout(this.#restart);
    const worker = this.#worker;
    if (worker !== undefined) {
      await this.#closed(worker, timeoutMillis);
      this.#ended = true;
      void worker.terminate();
    }
    this.#ended = true;
    const left = [...this.#posted.values(), ...this.#waiting];
    this.#posted.clear();
    this.#waiting = [];
    return left;
  }

  #closed(worker: Worker, timeoutMillis: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, timeoutMillis);
      this.#onClosed = () => {
        clearTimeout(timer);
        resolve();
      };
      worker.postMessage({ type: 'close', millis: timeoutMillis } satisfies ToExporter);
    });
  }

  #start(): void {
    const { program, settings, events } = this.#options;
    try {
      const worker = new Worker(program, {
        workerData: settings,
        env: environment(),
        execArgv: [],
        resourceLimits: HEAP,
      });
      this.#adopt(worker);
    } catch (error) {
      // The system has no room for another thread.
      events.trouble(`the exporter thread cannot be started: ${error}`);
      this.#restartLater();
    }
  }

  #adopt(worker: Worker): void {
    worker.on('message', (message: FromExporter) => this.#hear(worker, message));
    worker.on('error', (error) => this.#died(worker, String(error)));
    worker.on('exit', (code) => this.#died(worker, `exit code ${code}`));
    worker.unref(); // last: listening to a worker makes the process wait for it again
    this.#worker = worker;
    for (const batch of this.#waiting.splice(0)) this.#post(worker, batch);
  }

  #post(worker: Worker, batch: Batch): void {
    this.#posted.set(batch.id, batch);
    worker.postMessage({ type: 'batch', batch } satisfies ToExporter, [batch.bytes.buffer]);
  }

  #hear(worker: Worker, message: FromExporter): void {
    if (message.type === 'trouble') this.#options.events.trouble(message.message);
    else if (message.type === 'broken') this.#options.events.broken(message.broken);
    else if (message.type === 'settled') this.#settled(message);
    else if (message.type === 'look_up') void this.#lookUp(worker, message);
    else this.#onClosed?.();
  }

  /** Never rejects. What is told to a thread that has died is heard by nobody. */
  async #lookUp(worker: Worker, { hostname, options }: Question): Promise<void> {
    const answer = await this.#options.lookUp(hostname, options).then(
      (addresses): LookupAnswer => ({ addresses }),
      ({ code, message }): LookupAnswer => ({ error: { code, message } }),
    );
    worker.postMessage({ type: 'looked_up', ...answer } satisfies ToExporter);
  }

  #settled({ id, settlement, memory }: Extract<FromExporter, { type: 'settled' }>): void {
    const batch = this.#posted.get(id);
    if (batch === undefined) return;
    this.#posted.delete(id);
    this.#deaths = 0;
    this.#options.events.settled(batch, settlement, memory);
  }

  #restartLater(): void {
    const delay = Math.min(LONGEST_RESTART_MILLIS, FIRST_RESTART_MILLIS * 2 ** this.#deaths++);
    this.#restart = setTimeout(() => this.#start(), delay).unref();
  }

  #died(worker: Worker, why: string): void {
    if (this.#ended || this.#worker !== worker) return;
    this.#worker = undefined;
    const lost = [...this.#posted.values()];
    this.#posted.clear();
    for (const batch of lost) this.#options.events.lost(batch);
    this.#options.events.trouble(`the exporter thread died: ${why}`);
    if (this.#onClosed === undefined) this.#restartLater();
    else this.#onClosed();
  }
}

function environment(): NodeJS.Dict<string> {
  return Object.fromEntries(ENVIRONMENT.flatMap((name) => (name in process.env ? [[name, process.env[name]]] : [])));
}
