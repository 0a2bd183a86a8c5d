/** The sizes of the objects in the benchmark of bodies, and how much is done with each. */
import type { BodyContestant } from './body-contestants.ts';
import { type Options, SMOKE } from './options.ts';
import type { Plan } from './rounds.ts';

const MIB = 1024 ** 2;

/** Objects of one size: who takes part, and how. */
export interface Race {
  readonly title: string;
  readonly plan: Plan;
  /** Requests that are written for each contestant. */
  readonly keys: number;
  readonly contestants: readonly BodyContestant[];
}

const MEDIUM: Plan = {
  load: { size: 8 * MIB, connections: 2, millis: 60_000, requests: 4 },
  turns: 1,
  warmUp: 1,
  rounds: 6,
};
const LARGE: Plan = {
  load: { size: 64 * MIB, connections: 1, millis: 60_000, requests: 1 },
  turns: 1,
  warmUp: 1,
  rounds: 6,
};

/** The bodies of all contestants are kept in memory at once, so that there are few large ones. */
export function racesOf({ small, smoke }: Options, contestants: readonly BodyContestant[]): Race[] {
  const race = (title: string, full: Plan, keys: number): Race => ({
    title,
    keys,
    plan: smoke ? { ...full, ...SMOKE, turns: 1, rounds: 1 } : full,
    contestants: contestants.filter(({ from }) => from <= full.load.size),
  });
  const [first, medium, last] = [
    race('1 KiB', { ...small, turns: 8, warmUp: 24 }, 64),
    race('8 MiB', MEDIUM, 1),
    race('64 MiB', LARGE, 1),
  ];
  return smoke ? [first, last] : [first, medium, last];
}
