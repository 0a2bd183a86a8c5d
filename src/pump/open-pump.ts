/** Starts the pump of a process, and tries what it can do here. */
import { canSkipBodies } from '../kernel/http-parser.ts';
import { probePump } from './probe.ts';
import { Pump, type PumpEvents } from './pump.ts';
import type { Reservation } from './pump-thread.ts';

/** A pump that has been tried. */
export class OpenPump {
  readonly #pump: Pump;
  /** Why the kernel does not move bodies here; undefined if it does. */
  readonly noSplice: string | undefined;

  constructor(pump: Pump, noSplice: string | undefined) {
    this.#pump = pump;
    this.noSplice = noSplice;
  }

  get canSplice(): boolean {
    return this.noSplice === undefined;
  }

  get transfers(): number {
    return this.#pump.transfers;
  }

  get threads(): number {
    return this.#pump.threads;
  }

  reserve(...client: Parameters<Pump['reserve']>): Reservation | undefined {
    return this.#pump.reserve(...client);
  }

  stop(): Promise<void> {
    return this.#pump.stop();
  }
}

/** @throws Error with the reason why no body can be moved here. */
export async function openPump(threads: number, events: PumpEvents): Promise<OpenPump> {
  if (!canSkipBodies())
    throw new Error(`node:http of Node.js ${process.version} is not the one that this was written for`);
  const pump = await Pump.start(threads, events);
  const { splice, copy } = await probePump(pump);
  if (copy === undefined) return new OpenPump(pump, splice);
  await pump.stop();
  throw new Error(copy);
}
