/**
 * The cost of bodies: CPU per upload and per GiB for each kind of upload, in the gateway and in other servers.
 *
 *   npm run bench -- bodies [--heats N] [--rounds N] [--seed N] [--only WORD] [--smoke] [--profile DIR]
 *
 * Copies of the gateway run at once, each in a separate process; bench/tracing.ts describes how turns, rounds and heats exclude
 * other load of the machine. versitygw in its mode `s3`, nginx and HAProxy as plain proxies, and node:http with only a pipe also
 * run, each with one working thread, if scripts/install-real-servers.sh has installed them. All run between the same client and the
 * same store, which stores nothing and implements only the required part of S3. Tracing is disabled. Requests are prepared in
 * advance and signed in their headers, except for nginx, HAProxy, Node.js, the store itself and the gateway `anonymous`, which is
 * their baseline. Chunks have 64 KiB.
 *
 * The figure is a ratio in the same round: CPU per upload relative to the mean of the two copies with plain bodies, and the gateway
 * relative to each other server. The output is the median over the rounds with a 95 % bootstrap interval. The line marked `again`
 * shows the noise. MB/s are for one client, limited by it and the store, which share the other CPUs: the last line is without a
 * server between them.
 *
 * --rounds    of small objects
 * --only      only contestants with this word in their name, and the baselines
 * --smoke     a few short turns to check that everything runs; the figures are meaningless
 * --profile   writes the V8 CPU profile of each copy's main thread to DIR, one folder per copy
 */
import { Arena } from './support/arena.ts';
import { type BodyContestant, CONTESTANTS, configOf, TARGET } from './support/body-contestants.ts';
import { type Race, racesOf } from './support/body-races.ts';
import { type Options, readOptions } from './support/options.ts';
import { missing } from './support/peers.ts';
import { findPlaces, type Places } from './support/pinning.ts';
import { effortText, placesText, profiling, race } from './support/race.ts';
import type { Costs } from './support/rounds.ts';
import { median, type Random, seededRandom } from './support/statistics.ts';
import { type Comparison, compare, inverse, ratioText, table, verdict } from './support/table.ts';

const GIB = 1024 ** 3;

interface Result extends Comparison<BodyContestant> {
  /** Median time on the clock of one upload, in microseconds. */
  readonly clock: number;
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  const random = seededRandom(options.seed);
  const places = findPlaces();
  const races = racesOf(options, contestantsOf(options));
  const heats: Costs[][] = [];
  while (heats.length < options.heats) {
    heats.push(await runHeat(options, races, places, random, `heat ${heats.length + 1}`));
  }
  console.log(placesText(places));
  for (const [i, race] of races.entries()) {
    const costs = heats.map((heat) => heat[i]!);
    printRace(race, resultsOf(race, costs, random), effortText(heats.length, race.plan), options.smoke);
  }
  if (options.smoke) console.log('smoke run: the figures mean nothing');
}

/** Says who cannot take part. */
function contestantsOf({ only }: Options): BodyContestant[] {
  const wanted = CONTESTANTS.filter(({ name }) => isOpponent(name) || name.includes(only));
  return wanted.filter(({ name, who }) => {
    const why = who === 'gateway' || who === 'nobody' ? undefined : missing(who);
    if (why !== undefined) console.log(`without ${name}: ${why}`);
    return why === undefined;
  });
}

function isOpponent(name: string): boolean {
  return CONTESTANTS.some(({ against }) => against.includes(name));
}

/** @returns the costs of each race. */
async function runHeat(
  { profile }: Options,
  races: readonly Race[],
  places: Places | undefined,
  random: Random,
  name: string,
): Promise<Costs[]> {
  const arena = new Arena(places);
  try {
    const storePort = await arena.openStore();
    const all = new Set(races.flatMap(({ contestants }) => contestants));
    await Promise.all([...all].map((contestant) => enter(arena, contestant, storePort, profile)));
    const costs: Costs[] = [];
    for (const { title, plan, keys, contestants } of races) {
      for (const one of contestants) {
        await arena.prepare(one, { kind: one.kind, signed: one.signed, keys }, plan.load.size);
      }
      costs.push(await race(arena, contestants, plan, random, `${name}, objects of ${title}`));
    }
    return costs;
  } finally {
    await arena.close();
  }
}

function enter(arena: Arena, contestant: BodyContestant, storePort: number, profile: string | undefined) {
  const { who } = contestant;
  if (who !== 'gateway') return arena.enterPeer(contestant, { peer: who === 'nobody' ? undefined : who, storePort });
  const start = { config: configOf(contestant, storePort), stock: false };
  return arena.enter(contestant, start, profiling(profile, contestant));
}

function resultsOf({ contestants }: Race, costs: readonly Costs[], random: Random): Result[] {
  return compare(contestants, costs, random).map((comparison, i) => ({
    ...comparison,
    clock: median(costs.flatMap((heat) => heat[i]!.map(({ clock }) => clock))),
  }));
}

function printRace({ title, plan }: Race, results: readonly Result[], effort: string, smoke: boolean): void {
  const { size } = plan.load;
  const small = size < 1024 ** 2;
  const head = ['ratio [95 % interval]', ...(small ? ['µs'] : ['CPU-s/GiB', 'MB/s'])];
  const figures = ({ all, clock }: Result): string[] =>
    small ? [micros(all)] : [secondsPerGib(all, size), (size / clock).toFixed(0)];
  console.log(`CPU, objects of ${title} (${effort})\n`);
  const own = results.filter(({ contestant }) => contestant.who === 'gateway');
  const ownRows = own.map((one) => [one.contestant.name, ratioText(one.ratio), ...figures(one)]);
  console.log(table([['the gateway by plain bodies', ...head], ...ownRows]));
  const others = results.filter(({ contestant }) => contestant.who !== 'gateway' && !(small && isNobody(contestant)));
  const otherRows = others.map((one) => [one.contestant.name, byOther(one), ...figures(one)]);
  if (others.length > 0) console.log(table([['the gateway by others', ...head], ...otherRows]));
  if (small && !smoke) printVerdict(others);
}

const isNobody = ({ who }: BodyContestant): boolean => who === 'nobody';

function byOther({ contestant, ratio }: Result): string {
  return isNobody(contestant) ? '' : ratioText(inverse(ratio));
}

const micros = (all: number): string => all.toFixed(0);
const secondsPerGib = (all: number, size: number): string => (all === 0 ? '' : ((all * GIB) / size / 1e6).toFixed(2));

function printVerdict(others: readonly Result[]): void {
  for (const { contestant, ratio } of others.filter(({ contestant }) => contestant.who === 'versitygw')) {
    const own = inverse(ratio);
    console.log(`target < a third: ${verdict(own, TARGET)} (by ${contestant.name} ${ratioText(own)})`);
  }
  console.log();
}

await main();
