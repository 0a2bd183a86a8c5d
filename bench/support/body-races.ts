/** The races of the benchmark of bodies: sizes, contestants, repetitions, and the targets that each race decides. */
import type { Load } from './arena.ts';
import { type BodyContestant, SETS, selected } from './body-contestants.ts';
import { LARGE_TARGETS, SIZE_TARGETS, SMALL_TARGETS, type Target, VERIFIED_TARGETS } from './body-targets.ts';
import { type Options, SMOKE } from './options.ts';
import type { Plan } from './rounds.ts';

const KIB = 1024;
const MIB = 1024 ** 2;

/** Objects of one size. */
export interface Race {
  readonly title: string;
  readonly plan: Plan;
  /** Requests that are prepared for each contestant. */
  readonly keys: number;
  readonly contestants: readonly BodyContestant[];
  readonly targets: readonly Target[];
  /** One turn of each contestant before the rounds. As a number of requests it does the same on a busy machine as on an idle one. */
  readonly first?: Load | undefined;
  /** Whether a smoke run has it. */
  readonly smoke?: boolean;
}

/** A turn is as many uploads as fill about 50 ms: short, as other load on the machine changes within seconds. */
function sizeRace(title: string, size: number, requests: number): Race {
  const load = { size, connections: 8, millis: 60_000, requests };
  const plan = { load, turns: 4, warmUp: 12, rounds: 10, turnsOnly: true };
  return { title, keys: 16, plan, contestants: SETS.sizes, targets: SIZE_TARGETS };
}

function largeRace(title: string, size: number, connections: number): Race {
  const load = { size, connections, millis: 60_000, requests: connections };
  return {
    title,
    keys: connections,
    plan: { load, turns: 1, warmUp: 1, rounds: 5, turnsOnly: true },
    contestants: SETS.large,
    targets: LARGE_TARGETS,
  };
}

function races(small: Plan): Race[] {
  const forms = { size: 64 * MIB, connections: 1, millis: 60_000, requests: 2 };
  return [
    {
      title: '1 KiB',
      keys: 64,
      first: { ...small.load, millis: 15_000, requests: 24_000 },
      plan: { ...small, load: { ...small.load, millis: 50 }, turns: 4, warmUp: 2, turnsOnly: true },
      contestants: SETS.small,
      targets: SMALL_TARGETS,
      smoke: true,
    },
    sizeRace('64 KiB', 64 * KIB, 120),
    sizeRace('128 KiB', 128 * KIB, 80),
    { ...sizeRace('256 KiB', 256 * KIB, 64), smoke: true },
    sizeRace('512 KiB', 512 * KIB, 40),
    sizeRace('1 MiB', MIB, 32),
    sizeRace('4 MiB', 4 * MIB, 16),
    {
      title: '64 MiB',
      keys: 1,
      plan: { load: forms, turns: 1, warmUp: 3, rounds: 8, turnsOnly: true },
      contestants: SETS.forms,
      targets: VERIFIED_TARGETS,
      smoke: true,
    },
    { ...largeRace('16 MiB, 64 at once', 16 * MIB, 64), smoke: true },
    largeRace('1 GiB', 1024 * MIB, 1),
  ];
}

/** Starting a gateway takes most of the time of a smoke run. */
const SMOKE_SET: ReadonlySet<BodyContestant> = new Set(SETS.smoke);

/** @throws Error if no race has this title. */
export function racesOf(
  { small, smoke, only, race }: Options,
  isAvailable: (contestant: BodyContestant) => boolean,
): Race[] {
  const chosen = races(small).filter((one) => one.title.startsWith(race) && (one.smoke || !smoke));
  if (chosen.length === 0) throw new Error(`no race has a title that starts with ${race}`);
  return chosen.map((one) => ({
    ...one,
    contestants: selected(one.contestants.filter(isAvailable), only).filter((each) => !smoke || SMOKE_SET.has(each)),
    first: smoke ? undefined : one.first,
    plan: smoke ? { ...one.plan, ...SMOKE, turns: 1, rounds: 1 } : one.plan,
  }));
}
