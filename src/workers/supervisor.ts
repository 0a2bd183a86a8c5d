/** Keeps all workers running: replaces a worker that ends unexpectedly, and gives up if workers end again and again. */
import cluster from 'node:cluster';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Config } from '../config/config.ts';
import type { Log } from '../domain/log.ts';
import type { MergedMetrics } from '../metrics/merged-metrics.ts';
import { configOfWorker } from './divide.ts';
import type { MetricsRead } from './messages.ts';
import { type Listening, WorkerProcess } from './worker-process.ts';
import { YOUNG_GENERATION } from './young-generation.ts';

const EXTENSION = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const PROGRAM = fileURLToPath(new URL(`./main.${EXTENSION}`, import.meta.url));

/** Milliseconds before a worker that ended is replaced: doubled with each failure in a row, up to the second. */
const [FIRST_PAUSE, LONGEST_PAUSE] = [100, 10_000];
/** A worker that has lived so long, in milliseconds, has started well. */
const STABLE_MILLIS = 10_000;
/** Workers that end in a row before they are stable. The primary then gives up. */
const MOST_FAILURES = 5;

export interface SupervisorOptions {
  readonly count: number;
  readonly directory: string;
  readonly uploadSocket: number | undefined;
  readonly log: Log;
  readonly metrics: MergedMetrics;
  /** The workers cannot be kept running. */
  readonly giveUp: () => void;
  readonly ended: (slot: number) => void;
  /** Runs work that must not overlap with a reload. */
  inTurn(work: () => Promise<void>): Promise<void>;
}

export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #workers = new Map<number, WorkerProcess>();
  /** Workers whose place another one has, and that finish their requests. */
  readonly #leaving = new Set<WorkerProcess>();
  #config: Config;
  /** Of each slot, in a row. */
  readonly #failures = new Map<number, number>();
  #isClosing = false;

  constructor(config: Config, options: SupervisorOptions) {
    this.#config = config;
    this.#options = options;
    // Each worker accepts for itself: connections that the primary had accepted would be lost at its end, and not wait for the next.
    if (options.uploadSocket !== undefined) cluster.schedulingPolicy = cluster.SCHED_NONE;
    // A flag that the operator gave comes last: it wins.
    const execArgv = [YOUNG_GENERATION, ...process.execArgv];
    // Structured clones: the configuration contains undefined, and metrics contain maps.
    cluster.setupPrimary({ exec: PROGRAM, args: [], execArgv, serialization: 'advanced' });
  }

  /** The first one alone, because it meets the problems of all. @throws Error if one cannot start; none is left running then. */
  async start(): Promise<Listening> {
    const slots = Array.from({ length: this.#options.count - 1 }, (_, i) => i + 1);
    try {
      const listening = await this.#open(0).listening;
      await Promise.all(slots.map((slot) => this.#open(slot).listening));
      return listening;
    } catch (error) {
      await this.close(0);
      throw error;
    }
  }

  /** The workers that serve new connections. */
  get workers(): readonly WorkerProcess[] {
    return [...this.#workers.values()];
  }

  /** All workers with requests: also workers that another one has replaced. */
  get serving(): readonly WorkerProcess[] {
    return [...this.#workers.values(), ...this.#leaving];
  }

  /** Reads the metrics of all workers. A worker that does not respond keeps its last values. */
  async refreshMetrics(read: MetricsRead): Promise<void> {
    await Promise.all(
      this.serving.map(async (worker) => {
        const families = await worker.request('metrics', read).catch(() => undefined);
        if (families !== undefined) this.#options.metrics.update(worker.id, families);
      }),
    );
  }

  /** The part of one worker. */
  configFor({ slot }: WorkerProcess, config: Config): Config {
    return configOfWorker(config, { slot, of: this.#options.count });
  }

  /** For workers that start from now on. */
  use(config: Config): void {
    this.#config = config;
  }

  /**
   * Replaces one worker after the other. The port stays open all the time. @throws Error if a new worker cannot start; the previous one
   * stays then.
   */
  async roll(): Promise<void> {
    for (const [slot, old] of [...this.#workers]) {
      if (this.#isClosing) return;
      this.#leaving.add(old); // it belongs to the gateway until its end, also if the new one cannot start
      const fresh = this.#open(slot);
      try {
        await fresh.listening;
      } catch (error) {
        fresh.kill();
        if (this.#leaving.delete(old)) this.#workers.set(slot, old);
        else void this.#replace(slot, 1); // the previous one has ended meanwhile
        throw error;
      }
      if (this.#isClosing) return;
      old.retire();
    }
  }

  /** Ends all workers. A worker that is still running after `millis` is killed. */
  async close(millis: number): Promise<void> {
    this.#isClosing = true;
    const all = this.serving;
    for (const worker of all) worker.close();
    const late = setTimeout(() => {
      for (const worker of all) worker.kill();
    }, millis);
    await Promise.all(all.map(({ exited }) => exited));
    clearTimeout(late);
  }

  kill(): void {
    this.#isClosing = true;
    for (const worker of this.serving) worker.kill();
  }

  #open(slot: number): WorkerProcess {
    const { count, directory, uploadSocket } = this.#options;
    const worker = new WorkerProcess(slot, {
      config: configOfWorker(this.#config, { slot, of: count }),
      directory,
      uploadSocket,
    });
    this.#workers.set(slot, worker);
    void worker.exited.then((end) => this.#onExit(worker, end));
    return worker;
  }

  #onExit(worker: WorkerProcess, end: number | string): void {
    const { metrics, log, ended } = this.#options;
    const { slot } = worker;
    if (worker.lastMetrics !== undefined) metrics.update(worker.id, worker.lastMetrics);
    metrics.end(worker.id);
    const wasLeaving = this.#leaving.delete(worker);
    const wasCurrent = this.#workers.get(slot) === worker;
    if (wasCurrent) this.#workers.delete(slot);
    if (worker.isEnding || this.#isClosing) return;
    ended(slot);
    log.error({ worker: slot + 1, pid: worker.pid, end }, 'a worker ended unexpectedly; it is replaced');
    if (wasLeaving) return; // another one has its place
    const isStable = performance.now() - worker.startedAt > STABLE_MILLIS;
    const failures = isStable ? 1 : (this.#failures.get(slot) ?? 0) + 1;
    this.#failures.set(slot, failures);
    if (failures >= MOST_FAILURES) this.#options.giveUp();
    else void this.#replace(slot, failures);
  }

  async #replace(slot: number, failures: number): Promise<void> {
    await delay(Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (failures - 1)));
    // Not during a reload, which would not reach it.
    await this.#options.inTurn(async () => {
      if (this.#isClosing || this.#workers.has(slot)) return;
      const { log } = this.#options;
      const worker = this.#open(slot);
      await worker.listening.then(
        () => log.info({ worker: slot + 1, pid: worker.pid }, 'worker replaced'),
        (error: Error) => log.error({ worker: slot + 1, problem: error.message }, 'a worker could not start'),
      );
    });
  }
}
