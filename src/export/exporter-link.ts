/**
 * The main thread's end of the exporter thread. All signals share the thread, each through its own channel. The thread starts
 * with the first channel, is restarted if it dies, and ends with the last channel. Nothing here waits, and an error of the thread
 * is never thrown here. The thread does not start with the first batch, because a start takes the main thread some 6 ms.
 */
import { Worker } from 'node:worker_threads';
import { type ChannelEvents, ExportChannel } from './export-channel.ts';
import type { ExportSettings, FromExporter, LookupAnswer, ToExporter } from './messages.ts';
import { collectorLookup, type Resolve } from './shared-lookup.ts';
import type { Signal } from './signal.ts';

export interface LinkOptions {
  /** The program of the thread; ours unless a test gives another. */
  readonly program?: URL | undefined;
  /** Looks up the collectors' names for the thread. */
  readonly lookUp?: Resolve;
}

type LookupRequest = Extract<FromExporter, { type: 'look_up' }>;

/** Megabytes of heap; batches and responses are outside of it. */
const HEAP = { maxOldGenerationSizeMb: 96, maxYoungGenerationSizeMb: 16 };
const FIRST_RESTART_MILLIS = 1_000;
const LONGEST_RESTART_MILLIS = 60_000;
/** The only variables that the thread sees: how gRPC finds a proxy, and Node its compiled code. No NODE_OPTIONS, so no preloaded code. */
const ENVIRONMENT = ['grpc_proxy', 'https_proxy', 'http_proxy', 'no_grpc_proxy', 'no_proxy', 'NODE_COMPILE_CACHE'];

export class ExporterLink {
  readonly #program: URL;
  readonly #lookUp: Resolve;
  readonly #channels = new Map<Signal, ExportChannel>();
  #worker: Worker | undefined;
  #restart: NodeJS.Timeout | undefined;
  #deaths = 0;

  constructor({ program = exporterProgram(), lookUp = collectorLookup.all }: LinkOptions = {}) {
    this.#program = program;
    this.#lookUp = lookUp;
  }

  /** @param signal without a channel at the moment. @param events must not throw. */
  open(signal: Signal, settings: ExportSettings, events: ChannelEvents): ExportChannel {
    const channel = new ExportChannel({
      signal,
      settings,
      events,
      delivered: () => void (this.#deaths = 0),
      closed: () => this.#closed(signal),
    });
    this.#channels.set(signal, channel);
    if (this.#worker !== undefined) channel.attach(this.#worker);
    else if (this.#restart === undefined) this.#start();
    return channel;
  }

  #closed(signal: Signal): void {
    this.#channels.delete(signal);
    if (this.#channels.size > 0) return;
    clearTimeout(this.#restart);
    this.#restart = undefined;
    const worker = this.#worker;
    this.#worker = undefined;
    void worker?.terminate();
  }

  #start(): void {
    this.#restart = undefined;
    try {
      this.#adopt(new Worker(this.#program, { env: environment(), execArgv: [], resourceLimits: HEAP }));
    } catch (error) {
      // The system has no room for another thread.
      for (const channel of this.#channels.values())
        channel.attemptFailed(`the exporter thread cannot be started: ${error}`);
      this.#restartLater();
    }
  }

  #adopt(worker: Worker): void {
    worker.on('message', (message: FromExporter) => this.#receive(worker, message));
    worker.on('error', (error) => this.#died(worker, String(error)));
    worker.on('exit', (code) => this.#died(worker, `exit code ${code}`));
    worker.unref(); // last: listening to a worker makes the process wait for it again
    this.#worker = worker;
    for (const channel of this.#channels.values()) channel.attach(worker);
  }

  #receive(worker: Worker, message: FromExporter): void {
    if (message.type === 'look_up') void this.#answerLookup(worker, message);
    else this.#channels.get(message.signal)?.receive(message);
  }

  /** Never rejects. A message to a thread that has died is ignored. */
  async #answerLookup(worker: Worker, { hostname, options }: LookupRequest): Promise<void> {
    const answer = await this.#lookUp(hostname, options).then(
      (addresses): LookupAnswer => ({ addresses }),
      ({ code, message }): LookupAnswer => ({ error: { code, message } }),
    );
    worker.postMessage({ type: 'looked_up', ...answer } satisfies ToExporter);
  }

  #restartLater(): void {
    const delay = Math.min(LONGEST_RESTART_MILLIS, FIRST_RESTART_MILLIS * 2 ** this.#deaths++);
    this.#restart = setTimeout(() => this.#start(), delay).unref();
  }

  #died(worker: Worker, why: string): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    for (const channel of [...this.#channels.values()]) channel.threadDied(why);
    if (this.#channels.size > 0) this.#restartLater();
  }
}

function environment(): NodeJS.Dict<string> {
  return Object.fromEntries(ENVIRONMENT.flatMap((name) => (name in process.env ? [[name, process.env[name]]] : [])));
}

/** The program of the exporter thread, compiled if this file is. */
function exporterProgram(): URL {
  const extension = import.meta.filename.endsWith('.ts') ? 'ts' : 'js';
  return new URL(`./thread/exporter-thread.${extension}`, import.meta.url);
}
