/** How long requests take at a load that leaves the gateway half of its time: rounds of short turns, as for its CPU. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Arena } from './arena.ts';
import type { Contestant } from './contestant.ts';
import { SMALL_OBJECT } from './options.ts';
import type { Costs } from './rounds.ts';
import { median, type Random, shuffled } from './statistics.ts';

/** Milliseconds of one round. */
export interface Latency {
  readonly median: number;
  readonly p95: number;
}

/** For each contestant, in their order, one for each round. */
export type Latencies = readonly (readonly Latency[])[];

export interface LatencyPlan {
  readonly rounds: number;
  readonly turns: number;
  readonly millis: number;
  /** Milliseconds after each turn in which nothing is sent; none unless given. */
  readonly pause?: number;
}

const CONNECTIONS = 32;

/** Half of the requests a second that the first contestant completed. */
export function halfLoad([first]: Costs): number {
  return Math.floor(0.5 * (1e6 / median(first!.map(({ clock }) => clock))));
}

/** @param perSecond requests a second of each turn. */
export async function runLatencies(
  arena: Arena,
  contestants: readonly Contestant[],
  { rounds, turns, millis, pause = 0 }: LatencyPlan,
  perSecond: number,
  random: Random,
): Promise<Latencies> {
  const all = contestants.map((): Latency[] => []);
  for (let round = 0; round < rounds; round++) {
    const played = contestants.map((): number[] => []);
    for (let turn = 0; turn < turns; turn++) {
      for (const i of shuffled([...contestants.keys()], random)) {
        const paced = { size: SMALL_OBJECT, connections: CONNECTIONS, millis, perSecond };
        played[i]!.push(...(await arena.pace(contestants[i]!, paced)));
        if (pause > 0) await sleep(pause);
      }
    }
    for (const [i, latencies] of played.entries()) all[i]!.push({ median: median(latencies), p95: p95Of(latencies) });
  }
  return all;
}

function p95Of(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * 0.95))]!;
}
