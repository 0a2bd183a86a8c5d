/** Resources of one gateway and its processes: at rest, with idle connections, and with busy ones next to them. */
import { setTimeout as sleep } from 'node:timers/promises';
import { readMetrics } from '../../test/support/read-metrics.ts';
import { Arena } from './arena.ts';
import { SMALL_OBJECT } from './options.ts';
import type { Resources } from './program-process.ts';
import { type ScaleContestant, scaleConfig } from './scale-contestants.ts';

export interface FootprintPlan {
  readonly idle: number;
  readonly busy: number;
  /** Milliseconds of load, before the first reading and during the last one. */
  readonly millis: number;
}

/** One reading. */
export interface Reading {
  readonly name: string;
  /** Of clients, as the gateway reports them. */
  readonly connections: number;
  /** The primary, or the only process, comes first. */
  readonly processes: readonly Resources[];
}

export interface Footprint {
  readonly contestant: ScaleContestant;
  readonly readings: readonly Reading[];
  /** CPU under load of each process, in CPUs. */
  readonly cpus: readonly number[];
  /** Uploads a second under load. */
  readonly rate: number;
}

/** Starts a fresh gateway, so that earlier load does not count. */
export async function footprintOf(
  contestant: ScaleContestant,
  { idle, busy, millis }: FootprintPlan,
): Promise<Footprint> {
  const arena = new Arena(undefined);
  try {
    await arena.enterProgram(contestant, { config: scaleConfig(contestant, await arena.openStore()) });
    await arena.prepare(contestant, { kind: 'plain', signed: true, keys: 256 }, SMALL_OBJECT);
    const load = { size: SMALL_OBJECT, connections: busy, millis, requests: Number.MAX_SAFE_INTEGER };
    const read = async (name: string): Promise<Reading> => {
      const [metrics, processes] = await Promise.all([
        readMetrics(arena.metricsUrl(contestant)),
        arena.resources(contestant),
      ]);
      return { name, connections: metrics('mizuchi_connections'), processes };
    };
    const started = await read('started');
    await arena.turn(contestant, load);
    const warm = await read(`${busy} connections, after load`);
    // Each connection sends one upload. Later turns use the first of them only.
    const all = idle + busy;
    await arena.turn(contestant, { ...load, connections: all, millis: 60_000, requests: all });
    const resting = await read(`${all} connections, idle`);
    const before = await arena.resources(contestant);
    const begun = performance.now();
    const turn = arena.turn(contestant, load);
    await sleep(millis * 0.8);
    const [loaded, elapsed] = [await read(`${all} connections, ${busy} busy`), (performance.now() - begun) * 1000];
    const rate = ((await turn) / (performance.now() - begun)) * 1000;
    const cpus = loaded.processes.map(({ cpu }, i) => (cpu - before[i]!.cpu) / elapsed);
    return { contestant, readings: [started, warm, resting, loaded], cpus, rate };
  } finally {
    await arena.close();
  }
}
