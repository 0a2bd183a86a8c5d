/** Rounds with a line of progress, and the words that say how a figure came about. */
import { join } from 'node:path';
import type { Arena, Load } from './arena.ts';
import type { Contestant } from './contestant.ts';
import type { Places } from './pinning.ts';
import { type Costs, type Plan, runRounds } from './rounds.ts';
import type { Random } from './statistics.ts';

/** @param what is run, for whoever waits before a terminal. */
export async function race(
  arena: Arena,
  contestants: readonly Contestant[],
  plan: Plan,
  random: Random,
  what: string,
): Promise<Costs> {
  const showing = process.stderr.isTTY;
  const costs = await runRounds(arena, contestants, plan, random, (round, of) => {
    if (showing) process.stderr.write(`\r\x1b[K${what}: round ${round} of ${of} `);
  });
  if (showing) process.stderr.write('\r\x1b[K');
  return costs;
}

/** Options of a contestant's process that write V8's CPU profile of its main thread. */
export function profiling(folder: string | undefined, { name }: Contestant): string[] {
  if (folder === undefined) return [];
  return ['--cpu-prof', `--cpu-prof-dir=${join(folder, name.replace(/[^a-z0-9]+/gi, '-'))}`];
}

export function placesText(places: Places | undefined): string {
  if (places === undefined) return 'processes run on any CPU: the noise is larger than it need be\n';
  return `contestants run on CPU ${places.contestants}, all else on CPU ${places.others}\n`;
}

export function effortText(heats: number, { load, turns, rounds }: Plan): string {
  const turn = turnText(load);
  return `${heats} ${heats === 1 ? 'heat' : 'heats'} of ${rounds} rounds of ${turns} turns of ${turn}`;
}

function turnText({ requests, millis, connections }: Load): string {
  if (requests === 1) return '1 upload';
  const effort = requests < Number.MAX_SAFE_INTEGER ? `${requests} uploads` : `${millis} ms`;
  return `${effort} on ${connections} connections`;
}
