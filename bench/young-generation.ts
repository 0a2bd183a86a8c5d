/**
 * The young generation by its least size: collections, CPU per upload and memory, at three loads.
 *
 *   npm run bench -- young-generation [--rounds N] [--warm-up N] [--seed N] [--smoke]
 *
 * Copies of the gateway run at once, untraced, with signed PUTs of 1 KiB, and with different `--min-semi-space-size`. A full load is a
 * client of 16 connections that never pauses; the other loads are an even rate, a share of the full load of one more copy. V8 enlarges
 * the young generation under load, so loads come in the order of their size, after a warm-up with one connection; the smallest is
 * measured again at the end. At the smallest load all copies are loaded at once, otherwise one after the other in random order; bench/tracing.ts
 * describes how this excludes other load of the machine. Ratios are of the same round. Other load of the machine changes CPU more than
 * the number of collections.
 *
 * --warm-up   uploads of each copy that are not counted; 8,000 unless given
 * --smoke     a few short turns to check that everything runs; the figures are meaningless
 */
import { parseArgs } from 'node:util';
import { Arena } from './support/arena.ts';
import type { Contestant } from './support/contestant.ts';
import { gatewayConfig, NO_TRACING } from './support/gateway-config.ts';
import { findPlaces } from './support/pinning.ts';
import { placesText } from './support/race.ts';
import { headOf, KEYS, plainRequest } from './support/requests.ts';
import type { Cost } from './support/rounds.ts';
import { ACCESS_KEY, REGION, sign } from './support/signed-requests.ts';
import { median, seededRandom, shuffled } from './support/statistics.ts';
import { compare, ratioText, table } from './support/table.ts';

const SIZE = 1024;
const CONNECTIONS = 16;
/** Of the full load. */
const SHARES = [0.05, 0.25, 1, 0.05];
/** All copies are loaded at once, if together they have at most this share. */
const AT_ONCE = 0.5;

interface YoungContestant extends Contestant {
  readonly flags: readonly string[];
}

const against = ['default', 'default, again'];
const sized = (name: string, mib: number): YoungContestant => ({
  name,
  against,
  flags: [`--min-semi-space-size=${mib}`],
});
const CONTESTANTS: readonly YoungContestant[] = [
  sized('default', 0), // as without the flag
  sized('default, again', 0),
  ...[1, 2, 4, 8].map((mib) => sized(`${mib} MiB`, mib)),
];

/** Of one contestant in one round. */
interface Turn extends Cost {
  readonly uploads: number;
  readonly collections: number;
}

interface Plan {
  readonly rounds: number;
  /** Of one turn, if that is long enough for the uploads. */
  readonly millis: number;
  /** Least number of uploads in one turn at an even rate. */
  readonly uploads: number;
  /** Uploads of the warm-up. */
  readonly warmUp: number;
}

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '12' },
    'warm-up': { type: 'string', default: '8000' },
    seed: { type: 'string', default: '1' },
    smoke: { type: 'boolean', default: false },
  },
});
const EXTRA: YoungContestant = { name: 'for the rate', against: [], flags: [] };

const plan: Plan = values.smoke
  ? { rounds: 2, millis: 100, uploads: 1, warmUp: 100 }
  : { rounds: Number(values.rounds), millis: 1_000, uploads: 100, warmUp: Number(values['warm-up']) };
const random = seededRandom(Number(values.seed));
const places = findPlaces();
const arena = new Arena(places);
try {
  console.log(placesText(places));
  await enterAll();
  const fullRate = await fullRateOf(EXTRA);
  const warmUp = { size: SIZE, connections: 1, millis: 600_000, requests: plan.warmUp };
  await Promise.all(CONTESTANTS.map((contestant) => arena.turn(contestant, warmUp)));
  for (const share of SHARES) await measure(share, fullRate * share);
} finally {
  await arena.close();
}
if (values.smoke) console.log('smoke run: the figures mean nothing');

async function enterAll(): Promise<void> {
  const config = gatewayConfig(await arena.openStore(), {
    tracing: NO_TRACING,
    auth: { enabled: true, sigv4: { region: REGION, credentials: [{ ...ACCESS_KEY, subject: 'uploader-0' }] } },
  });
  const requests = await Promise.all(Array.from({ length: KEYS }, (_, i) => sign(plainRequest(i, SIZE), ACCESS_KEY)));
  for (const contestant of [EXTRA, ...CONTESTANTS]) {
    await arena.enter(contestant, { config, stock: false }, contestant.flags);
    await arena.send(contestant, requests.map(headOf), SIZE);
  }
}

/** @returns uploads a second, after a third of the time for V8's compiler. */
async function fullRateOf(contestant: Contestant): Promise<number> {
  await load(contestant, 1, 0, plan.millis * 3);
  const started = performance.now();
  const uploads = await load(contestant, 1, 0, plan.millis * 6);
  return (uploads / (performance.now() - started)) * 1000;
}

async function measure(share: number, rate: number): Promise<void> {
  const turns = CONTESTANTS.map((): Turn[] => []);
  for (let round = 0; round < plan.rounds; round++) {
    for (const [i, one] of (await playRound(share, rate)).entries()) turns[i]!.push(one);
  }
  const comparisons = compare(CONTESTANTS, [turns], random);
  const memory = await Promise.all(CONTESTANTS.map((contestant) => arena.memory(contestant)));
  const head = [`load ${share * 100} %`, 'CPU [95 %]', 'µs', 'collections/1,000', 'MiB resident'];
  const rows = comparisons.map(({ contestant, ratio, all }, i) => [
    contestant.name,
    ratioText(ratio),
    all.toFixed(0),
    ((sum(turns[i]!, 'collections') / sum(turns[i]!, 'uploads')) * 1000).toFixed(1),
    (memory[i]! / 1024 ** 2).toFixed(1),
  ]);
  const uploads = median(turns.flat().map((one) => one.uploads));
  console.log(`${plan.rounds} rounds of turns of ${uploads} uploads`);
  console.log(table([head, ...rows]));
}

async function playRound(share: number, rate: number): Promise<Turn[]> {
  if (share * CONTESTANTS.length <= AT_ONCE) return Promise.all(CONTESTANTS.map((one) => turn(one, share, rate)));
  const turns: Turn[] = [];
  for (const i of shuffled([...CONTESTANTS.keys()], random)) turns[i] = await turn(CONTESTANTS[i]!, share, rate);
  return turns;
}

async function turn(contestant: Contestant, share: number, rate: number): Promise<Turn> {
  await arena.cpu(contestant);
  const before = await arena.collections(contestant);
  const started = performance.now();
  const uploads = await load(contestant, share, rate, Math.max(plan.millis, (plan.uploads / rate) * 1000));
  const clock = ((performance.now() - started) * 1000) / uploads;
  const { all, main } = await arena.cpu(contestant);
  const collections = (await arena.collections(contestant)) - before;
  return { uploads, collections, all: all / uploads, main: main / uploads, clock };
}

/** @returns the number of uploads. */
async function load(contestant: Contestant, share: number, perSecond: number, millis: number): Promise<number> {
  const common = { size: SIZE, connections: CONNECTIONS, millis };
  if (share === 1) return arena.turn(contestant, { ...common, requests: 1e9 });
  return (await arena.pace(contestant, { ...common, perSecond })).length;
}

function sum(turns: readonly Turn[], name: 'collections' | 'uploads'): number {
  return turns.reduce((all, one) => all + one[name], 0);
}
