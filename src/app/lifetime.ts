/** The end of a gateway, its reload, and the last delivery of its telemetry: each part registers itself when it opens. */
import type { Log } from '../domain/log.ts';

/** Milliseconds for all flushers together. */
const FLUSH_MILLIS = 5_000;
/** The part of them that is reserved for the last flusher. */
const LAST_MILLIS = 1_000;
/** Milliseconds beyond its time for which a flusher is awaited. */
const GRACE_MILLIS = 500;

export type Closer = () => void | Promise<void>;

/** Delivers the queued telemetry within the given number of milliseconds. */
export type Flusher = (millis: number) => Promise<void>;

/** A service that uploads need. */
export interface RequiredService {
  readonly kind: 'store' | 'policy' | 'identity';
  /** Its address. A service that several buckets use is checked once. */
  readonly target: string;
  /** Resolves if the service is available. @throws Error otherwise, or when the signal is aborted. */
  check(signal: AbortSignal): Promise<void>;
}

/** A file that is read again on request. */
export interface Reloader {
  readonly file: string;
  /** The content of the file, in the plural. */
  readonly what: string;
  /** @returns puts the content in use. @throws Error if the file cannot be used; the previous content then stays in use. */
  read(): Promise<() => void>;
}

export type ReloadObserver = (reloader: Reloader, succeeded: boolean) => void;

/**
 * What every part can rely on:
 * - `close` runs the closers one by one, the last registered first, so that a part closes before the parts that it uses.
 * - Then all flushers run side by side, and the last flusher after them. All of it takes at most 5 s: a flusher that is late is
 *   no longer awaited.
 * - `close` never rejects. A closer or a flusher that fails is logged, and the others still run.
 * - `close` is safe twice: the second call waits for the first. It is safe while a gateway is half open: it ends what has
 *   registered so far, and a closer that registers later runs at once.
 * - `reload` never rejects. Reloads run one after the other, so that the last call decides.
 */
export class Lifetime {
  readonly #log: Pick<Log, 'info' | 'error'>;
  readonly #closers: Closer[] = [];
  readonly #reloaders: Reloader[] = [];
  readonly #flushers: Flusher[] = [];
  readonly services: RequiredService[] = [];
  #reloadObserver: ReloadObserver = () => {};
  #lastFlusher: Flusher | undefined;
  #closed: Promise<void> | undefined;
  #reloaded = Promise.resolve();

  constructor(log: Pick<Log, 'info' | 'error'>) {
    this.#log = log;
  }

  onClose(closer: Closer): void {
    if (this.#closed === undefined) this.#closers.push(closer);
    else void this.#attempt(async () => closer());
  }

  /** For the probe of readiness. */
  needs(service: RequiredService): void {
    this.services.push(service);
  }

  /** The part has just read the file for the first time. */
  onReload(reloader: Reloader): void {
    this.#reloaders.push(reloader);
    this.#reloadObserver(reloader, true);
  }

  /** Notified of each read of a file that registers from here on. */
  observeReloads(observer: ReloadObserver): void {
    this.#reloadObserver = observer;
  }

  onFlush(flusher: Flusher): void {
    this.#flushers.push(flusher);
  }

  /** For the log, which reports the results of all other flushers. */
  onLastFlush(flusher: Flusher): void {
    this.#lastFlusher = flusher;
  }

  close(): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  get reloaders(): readonly Reloader[] {
    return this.#reloaders;
  }

  /** @param more files of other lifetimes. */
  reload(more: readonly Reloader[] = []): Promise<void> {
    return (this.#reloaded = this.#reloaded.then(() => this.#reload(more)));
  }

  /** Reads one file again, and logs the result. */
  async reloadFile(reloader: Reloader): Promise<void> {
    const { file, what } = reloader;
    const problem = await reloader.read().then(
      (use) => use(),
      (error: Error) => error.message,
    );
    this.#reloadObserver(reloader, problem === undefined);
    if (problem === undefined) this.#log.info({ file }, `${what} read again`);
    else this.#log.error({ file, problem }, `${what} could not be read again; the previous ones stay in use`);
  }

  async #close(): Promise<void> {
    await Promise.resolve(); // what registers from here on finds that the end has begun
    for (const closer of this.#closers.reverse()) await this.#attempt(async () => closer());
    const endsAt = performance.now() + FLUSH_MILLIS;
    await Promise.all(this.#flushers.map((flusher) => this.#flush(flusher, FLUSH_MILLIS - LAST_MILLIS)));
    if (this.#lastFlusher !== undefined) await this.#flush(this.#lastFlusher, endsAt - performance.now());
  }

  async #reload(more: readonly Reloader[]): Promise<void> {
    for (const reloader of [...more, ...this.#reloaders]) await this.reloadFile(reloader);
  }

  #flush(flusher: Flusher, millis: number): Promise<void> {
    return this.#attempt(() => inTime(flusher(millis), millis + GRACE_MILLIS));
  }

  async #attempt(run: () => Promise<void>): Promise<void> {
    try {
      await run();
    } catch (error) {
      this.#log.error({ problem: (error as Error).message }, 'a part of the gateway could not be closed');
    }
  }
}

async function inTime(work: Promise<void>, millis: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, millis);
  });
  await Promise.race([work, late]).finally(() => clearTimeout(timer));
}
