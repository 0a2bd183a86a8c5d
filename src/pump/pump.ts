/** The pump of one process: its threads. A thread that dies is replaced, unless that happens again and again. */
import type { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { Libc } from '../kernel/libc.ts';
import { PumpThread, type Reservation } from './pump-thread.ts';

/** Deaths within a minute after which the pump gives up. */
const MOST_DEATHS = 5;
const MINUTE = 60_000;

export interface PumpEvents {
  /** A thread has died. @param isLast whether it is not replaced. */
  died(error: Error | undefined, isLast: boolean): void;
}

export class Pump {
  readonly #libc: Libc;
  readonly #events: PumpEvents;
  readonly #threads = new Set<PumpThread>();
  #deaths: number[] = [];
  #isStopped = false;

  readonly #program: URL;

  private constructor(libc: Libc, events: PumpEvents, program: URL) {
    this.#libc = libc;
    this.#events = events;
    this.#program = program;
  }

  /** @param program of the threads; ours unless a test gives another. @throws Error with the reason why there is no pump here. */
  static async start(threads: number, events: PumpEvents, program: URL = threadProgram()): Promise<Pump> {
    const pump = new Pump(Libc.open(), events, program);
    try {
      for (let i = 0; i < threads; i++) await pump.#start();
    } catch (error) {
      await pump.stop();
      throw error;
    }
    return pump;
  }

  /** Transfers under way. */
  get transfers(): number {
    let sum = 0;
    for (const { transfers } of this.#threads) sum += transfers;
    return sum;
  }

  get threads(): number {
    return this.#threads.size;
  }

  /** A place at the thread with the fewest transfers. Undefined if there is none. */
  reserve(client: Socket): Reservation | undefined {
    let least: PumpThread | undefined;
    for (const thread of this.#threads) if (least === undefined || thread.transfers < least.transfers) least = thread;
    return least?.reserve(client);
  }

  /** Ends all transfers. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all([...this.#threads].map((thread) => thread.stop()));
    this.#threads.clear();
  }

  async #start(): Promise<void> {
    let thread: PumpThread | undefined;
    thread = await PumpThread.start(this.#libc, this.#program, (error) => {
      if (thread !== undefined && this.#threads.delete(thread)) void this.#replace(error);
    });
    if (!thread.isAlive) throw new Error('the pump thread ended at its start');
    this.#threads.add(thread);
    if (this.#isStopped) await this.stop();
  }

  async #replace(error: Error | undefined): Promise<void> {
    const now = performance.now();
    this.#deaths = [...this.#deaths.filter((at) => now - at < MINUTE), now];
    const isLast = this.#isStopped || this.#deaths.length >= MOST_DEATHS;
    this.#events.died(error, isLast);
    if (!isLast) await this.#start().catch((thrown: Error) => this.#events.died(thrown, true));
  }
}

/** Compiled if this file is. */
function threadProgram(): URL {
  const extension = import.meta.filename.endsWith('.ts') ? 'ts' : 'js';
  return new URL(`./thread.${extension}`, import.meta.url);
}
