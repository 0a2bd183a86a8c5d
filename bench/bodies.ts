/**
 * The cost of bodies: CPU per upload and per GiB for each form of upload, in the gateway and in other servers.
 *
 *   npm run bench -- bodies [--race WORD] [--heats N] [--rounds N] [--seed N] [--only WORD] [--smoke] [--profile DIR] [--write]
 *
 * Each form of upload is sent to two gateways: one with `upload.way: auto`, which chooses how the body goes, and one with `stream`. All
 * gateways run at once, each in a separate process; bench/tracing.ts describes how turns, rounds and heats exclude other load of the
 * machine. versitygw in its mode `s3`, nginx, HAProxy with and without splice as plain proxies, and node:http with only a pipe also run,
 * each with one working thread, if scripts/install-real-servers.sh has installed them. All run between the same client and the same
 * store. Tracing is disabled. Requests are prepared in advance and signed in their headers, except for nginx, HAProxy, Node.js, the
 * store itself and the gateways `anonymous`, which are their baseline. Chunks have 64 KiB.
 *
 * The CPU is that of all threads of the contestant's process, and of nothing else. The figure is a ratio in the same round: the gateway
 * relative to the one that streams, to plain bodies, and to each other server. The output is the median over the rounds with a 95 %
 * bootstrap interval. The row `again` shows the noise. MiB/s are limited by the client and the store, which share the other CPUs: the
 * last row is without a server between them. A target line compares the median with the limit; it says so if the interval includes it.
 *
 * --race      only races whose title starts with this: `1 GiB`, `64 MiB`, `16 MiB, 64 at once`, `256 KiB`, ...
 * --rounds    of objects of 1 KiB
 * --only      only contestants with this word in their name, and the baselines
 * --smoke     a few short turns to check that everything runs; the figures are meaningless
 * --profile   writes the V8 CPU profile of each copy's main thread to DIR, one folder per copy
 * --write     writes the tables to docs/performance.md
 */
import { Arena } from './support/arena.ts';
import { type BodyContestant, configOf, isGateway, type PeerContestant } from './support/body-contestants.ts';
import { type Race, racesOf } from './support/body-races.ts';
import { raceReport } from './support/body-report.ts';
import { type Options, readOptions } from './support/options.ts';
import { writeFigures } from './support/page-figures.ts';
import { missing } from './support/peers.ts';
import { findPlaces, type Places } from './support/pinning.ts';
import { effortText, placesText, profiling, race } from './support/race.ts';
import { RaceResult } from './support/race-result.ts';
import type { Costs } from './support/rounds.ts';
import { type Random, seededRandom } from './support/statistics.ts';

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2), ['race', 'write']);
  const random = seededRandom(options.seed);
  const places = findPlaces();
  const unavailable = new Map<string, string>();
  const races = racesOf(options, (contestant) => isAvailable(contestant, unavailable));
  for (const [name, why] of unavailable) console.log(`without ${name}: ${why}`);
  const heats: Costs[][] = [];
  while (heats.length < options.heats) {
    heats.push(await runHeat(options, races, places, random, `heat ${heats.length + 1}`));
  }
  const reports = races.map((one, i) =>
    reportOf(
      one,
      heats.map((heat) => heat[i]!),
      options,
      random,
    ),
  );
  const text = [placesText(places), ...reports].join('\n');
  console.log(text);
  if (options.smoke) console.log('smoke run: the figures mean nothing');
  if (options.write) writeFigures('bodies', text);
}

function reportOf(one: Race, heats: readonly Costs[], { smoke }: Options, random: Random): string {
  return raceReport(one, new RaceResult(one, heats, random), effortText(heats.length, one.plan), smoke);
}

function isAvailable(contestant: BodyContestant, unavailable: Map<string, string>): boolean {
  if (isGateway(contestant) || contestant.who === 'none') return true;
  const why = missing(contestant.who);
  if (why !== undefined) unavailable.set(contestant.name, why);
  return why === undefined;
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
    for (const { title, plan, keys, contestants, first } of races) {
      for (const one of contestants) {
        await arena.prepare(one, { kind: one.kind, signed: one.signed, keys }, plan.load.size);
        if (first !== undefined) await arena.turn(one, first);
      }
      costs.push(await race(arena, contestants, plan, random, `${name}, objects of ${title}`));
    }
    return costs;
  } finally {
    await arena.close();
  }
}

function enter(arena: Arena, contestant: BodyContestant, storePort: number, profile: string | undefined) {
  if (!isGateway(contestant)) return arena.enterPeer(contestant, { peer: peerOf(contestant), storePort });
  const start = { config: configOf(contestant, storePort), stock: false };
  return arena.enter(contestant, start, profiling(profile, contestant));
}

const peerOf = ({ who }: PeerContestant) => (who === 'none' ? undefined : who);

await main();
