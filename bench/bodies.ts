/**
 * What bodies cost: CPU per request and per GiB of the gateway for each way of sending an object, and MB/s.
 *
 *   npm run bench -- bodies [--heats N] [--rounds N] [--seed N] [--only WORD] [--smoke] [--profile DIR]
 *
 * Copies of the gateway run at once, each in a process of its own, as in the benchmark of tracing, where it says how turns,
 * rounds and heats keep the machine's other work out of the figures. Tracing is off. All requests are signed in their
 * headers, but for those of `anonymous`, and written beforehand; chunks are of 64 KiB. The store keeps nothing.
 *
 * The figure is a ratio: CPU per upload by the mean of the two copies that get plain bodies, in the same round; printed is
 * the median over the rounds with a 95 % bootstrap interval. The noise stands in the line that does the same `again`. MB/s
 * are those of one client with all else on the other CPUs, and depend on the machine even more than seconds do.
 *
 * --only      of the contestants that are not set against themselves only those with this word in their name
 * --smoke     a few short turns, to see that everything runs; the figures mean nothing
 * --profile   writes V8's CPU profile of each copy's main thread into DIR, one folder a copy
 */
import { Arena } from './support/arena.ts';
import { type BodyContestant, CONTESTANTS, configOf } from './support/body-contestants.ts';
import { readOptions, SMALL_OBJECT, SMOKE } from './support/options.ts';
import { findPlaces, type Places } from './support/pinning.ts';
import { effortText, placesText, profiling, race } from './support/race.ts';
import type { Costs, Plan } from './support/rounds.ts';
import { median, type Random, seededRandom } from './support/statistics.ts';
import { type Comparison, compare, ratioText, table } from './support/table.ts';

const MIB = 1024 ** 2;

/** Objects of one size: who takes part, and how. */
interface Race {
  readonly title: string;
  readonly plan: Plan;
  /** Requests that are written for each contestant: memory for the bodies is taken for each. */
  readonly keys: number;
  readonly contestants: readonly BodyContestant[];
}

const MEDIUM: Plan = {
  load: { size: 8 * MIB, connections: 2, millis: 60_000, requests: 4 },
  turns: 2,
  warmUp: 1,
  rounds: 5,
};
const LARGE: Plan = {
  load: { size: 64 * MIB, connections: 1, millis: 60_000, requests: 1 },
  turns: 2,
  warmUp: 1,
  rounds: 4,
};

const options = readOptions(process.argv.slice(2));
const random = seededRandom(options.seed);
const places = findPlaces();
const contestants = CONTESTANTS.filter(({ name }) => isOpponent(name) || name.includes(options.only));
const races: readonly Race[] = [
  raceOf('1 KiB', { ...options.small, ...(!options.smoke && { warmUp: 8 }) }, 64),
  raceOf('8 MiB', options.smoke ? { ...MEDIUM, ...SMOKE, turns: 1 } : MEDIUM, 1),
  raceOf('64 MiB', options.smoke ? { ...LARGE, ...SMOKE, turns: 1, rounds: 1 } : LARGE, 1),
];

function isOpponent(name: string): boolean {
  return CONTESTANTS.some(({ against }) => against.includes(name));
}

function raceOf(title: string, plan: Plan, keys: number): Race {
  return { title, plan, keys, contestants: contestants.filter(({ from }) => from <= plan.load.size) };
}

/** @returns the costs of each race. */
async function runHeat(places: Places | undefined, random: Random, name: string): Promise<Costs[]> {
  const arena = new Arena(places);
  try {
    const storePort = await arena.openStore();
    const enter = (contestant: BodyContestant) =>
      arena.enter(
        contestant,
        { config: configOf(contestant, storePort), stock: false },
        profiling(options.profile, contestant),
      );
    await Promise.all(contestants.map(enter));
    const costs: Costs[] = [];
    for (const { title, plan, keys, contestants } of races) {
      for (const contestant of contestants) {
        const { kind, signed } = contestant;
        await arena.prepare(contestant, { kind, signed, keys }, plan.load.size);
      }
      costs.push(await race(arena, contestants, plan, random, `${name}, objects of ${title}`));
    }
    return costs;
  } finally {
    await arena.close();
  }
}

function printRace({ title, plan, contestants }: Race, costs: readonly Costs[]): void {
  const { size } = plan.load;
  const head = ['against plain', 'ratio [95 % interval]', ...(size === SMALL_OBJECT ? ['µs'] : ['CPU-s/GiB', 'MB/s'])];
  const rows = compare(contestants, costs, random).map((one, i) => {
    const clock = median(costs.flatMap((heat) => heat[i]!.map(({ clock }) => clock)));
    return [one.contestant.name, ratioText(one.ratio), ...figures(one, size, clock)];
  });
  console.log(`CPU, objects of ${title} (${effortText(costs.length, plan)})\n`);
  console.log(table([head, ...rows]));
}

/** Bytes in a microsecond are MB in a second. */
function figures({ all }: Comparison<BodyContestant>, size: number, clock: number): string[] {
  if (size === SMALL_OBJECT) return [all.toFixed(0)];
  return [((all * (1024 * MIB)) / size / 1e6).toFixed(2), (size / clock).toFixed(0)];
}

const heats: Costs[][] = [];
while (heats.length < options.heats) heats.push(await runHeat(places, random, `heat ${heats.length + 1}`));
console.log(placesText(places));
for (const [i, one] of races.entries())
  printRace(
    one,
    heats.map((heat) => heat[i]!),
  );
if (options.smoke) console.log('smoke run: the figures mean nothing');
