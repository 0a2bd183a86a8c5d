/**
 * What tracing costs: CPU per request and per GiB of the gateway with tracing at 100 %, against the same gateway without.
 *
 *   npm run bench -- tracing [--heats N] [--rounds N] [--seed N] [--only WORD] [--smoke] [--profile DIR]
 *
 * Five copies of the gateway run at once, each in a process of its own: tracing off, tracing off again, ours over gRPC, ours
 * over http/protobuf, and the official SDK over http/protobuf, the last three with gzip. They share one load generator, one
 * store that keeps nothing and one collector that answers at once. Only one copy is loaded at a time, for a turn of 25 ms;
 * a round is twelve turns of each copy in random order, so that whatever else the machine does hits all alike. What is
 * counted is the CPU of the whole process, exporter thread included, from the end of one round to the end of the next:
 * nothing that a copy does goes uncounted. After some rounds all processes are started anew, for another heat, because two
 * processes of the same code differ by several percent. The first 20,000 requests are not counted: V8 compiles.
 *
 * The figure is a ratio: a copy's CPU per request by the mean of the two untraced copies' in the same round; printed is the
 * median over the rounds with a 95 % bootstrap interval. The noise is the second untraced copy by the first: differences of
 * that size mean nothing. Microseconds depend on the machine and are there for information only.
 *
 * All copies log errors only and serve metrics. A span that never reaches the collector would be a cheap one, so the spans
 * that were received are printed as well, and the queue is long enough for all of them.
 *
 * --only      of the traced copies only those with this word in their name
 * --smoke     a few short turns, to see that everything runs; the figures mean nothing
 * --profile   writes V8's CPU profile of each copy's main thread into DIR, one folder a copy
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Arena, type Delivery, type Load } from './support/arena.ts';
import { CONTESTANTS, type Contestant, SPANS_PER_UPLOAD } from './support/contestants.ts';
import { findPlaces, type Places } from './support/pinning.ts';
import { type Costs, type Plan, runRounds } from './support/rounds.ts';
import { type Random, seededRandom } from './support/statistics.ts';
import { type Comparison, compare, noise, percent, type Ratio, ratioText, table } from './support/table.ts';

const KIB = 1024;
const GIB = 1024 ** 3;
const LARGE = 64 * KIB * KIB;
const TARGET = 1.05;
const RATIO_HEAD = ['ratio [95 % interval]', ''];

const SMALL_LOAD: Load = { size: KIB, connections: 16, millis: 25, requests: Number.MAX_SAFE_INTEGER };
const LARGE_LOAD: Load = { size: LARGE, connections: 1, millis: 60_000, requests: 1 };
const SMALL: Omit<Plan, 'rounds'> = { load: SMALL_LOAD, turns: 12, warmUp: 12 };
const LARGE_PLAN: Plan = { load: LARGE_LOAD, turns: 2, warmUp: 1, rounds: 4 };
const SMOKE: Omit<Plan, 'load'> = { turns: 2, warmUp: 1, rounds: 2 };

interface Options {
  readonly contestants: readonly Contestant[];
  readonly heats: number;
  readonly small: Plan;
  readonly large: Plan;
  readonly seed: number;
  readonly smoke: boolean;
  readonly profile: string | undefined;
}

function readOptions(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      heats: { type: 'string', default: '3' },
      rounds: { type: 'string', default: '12' },
      seed: { type: 'string', default: '1' },
      only: { type: 'string', default: '' },
      smoke: { type: 'boolean', default: false },
      profile: { type: 'string' },
    },
  });
  const contestants = CONTESTANTS.filter(({ name, tracer }) => tracer === 'none' || name.includes(values.only));
  const common = { contestants, seed: natural('--seed', values.seed), smoke: values.smoke, profile: values.profile };
  if (values.smoke) {
    return { ...common, heats: 1, small: { load: SMALL_LOAD, ...SMOKE }, large: { load: LARGE_LOAD, ...SMOKE } };
  }
  const small = { ...SMALL, rounds: natural('--rounds', values.rounds) };
  return { ...common, heats: natural('--heats', values.heats), small, large: LARGE_PLAN };
}

function natural(option: string, text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new Error(`${option} is not a positive whole number`);
  return Number(text);
}

interface Heat {
  readonly small: Costs;
  readonly large: Costs;
  readonly deliveries: readonly Delivery[];
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  const { contestants, small, large, seed } = options;
  const random = seededRandom(seed);
  const heats: Heat[] = [];
  const places = findPlaces();
  while (heats.length < options.heats) heats.push(await runHeat(options, places, random, `heat ${heats.length + 1}`));
  const results = (of: 'small' | 'large') =>
    compare(
      contestants,
      heats.map((heat) => heat[of]),
      random,
    );
  const [perRequest, perGib] = [results('small'), results('large')];
  const deliveries = contestants.map((_, i) => sum(heats.map((heat) => heat.deliveries[i]!)));
  console.log(placesText(places));
  printPerRequest(perRequest, deliveries, effort(heats.length, small));
  printPerGib(perGib, effort(heats.length, large));
  if (options.smoke) console.log('smoke run: the figures mean nothing');
  else
    printVerdict(
      perRequest,
      noise(
        heats.map((heat) => heat.small),
        random,
      ),
    );
}

async function runHeat(
  { contestants, small, large, profile }: Options,
  places: Places | undefined,
  random: Random,
  name: string,
): Promise<Heat> {
  const arena = await Arena.open(contestants, places, (contestant) => profiling(profile, contestant));
  try {
    const costs = await race(arena, contestants, small, random, `${name}, small objects`);
    const deliveries = await Promise.all(contestants.map((contestant) => arena.delivery(contestant)));
    return { small: costs, deliveries, large: await race(arena, contestants, large, random, `${name}, large objects`) };
  } finally {
    await arena.close();
  }
}

function profiling(folder: string | undefined, { name }: Contestant): string[] {
  if (folder === undefined) return [];
  return ['--cpu-prof', `--cpu-prof-dir=${join(folder, name.replace(/[^a-z]+/gi, '-'))}`];
}

async function race(
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

function sum(deliveries: readonly Delivery[]): Delivery {
  const total = (of: (delivery: Delivery) => number): number => deliveries.reduce((all, one) => all + of(one), 0);
  return {
    expected: total(({ expected }) => expected),
    received: total(({ received }) => received),
    exports: total(({ exports }) => exports),
    bytes: total(({ bytes }) => bytes),
  };
}

function placesText(places: Places | undefined): string {
  if (places === undefined) return 'processes run on any CPU: the noise is larger than it need be\n';
  return `contestants run on CPU ${places.contestants}, all else on CPU ${places.others}\n`;
}

function effort(heats: number, { load, turns, rounds }: Plan): string {
  const turn = load.requests === 1 ? '1 upload' : `${load.millis} ms on ${load.connections} connections`;
  return `${heats} ${heats === 1 ? 'heat' : 'heats'} of ${rounds} rounds of ${turns} turns of ${turn}`;
}

function printPerRequest(
  comparisons: readonly Comparison[],
  deliveries: readonly Delivery[],
  effortText: string,
): void {
  console.log(`CPU per request, objects of 1 KiB (${effortText})\n`);
  const head = ['', ...RATIO_HEAD, 'µs', 'main thread', 'spans/request', 'spans/export', 'bytes/span', 'lost'];
  const rows = comparisons.map((comparison, i) => [
    ...ratioCells(comparison),
    comparison.all.toFixed(0),
    comparison.main.toFixed(0),
    ...deliveryCells(deliveries[i]!),
  ]);
  console.log(table([head, ...rows]));
}

function ratioCells({ contestant, ratio }: Comparison): string[] {
  return [contestant.name, ratioText(ratio), percent(ratio.median)];
}

function deliveryCells({ expected, received, exports, bytes }: Delivery): string[] {
  if (expected === 0) return ['', '', '', ''];
  const perRequest = (received / expected) * SPANS_PER_UPLOAD;
  const lost = String(expected - received);
  return [perRequest.toFixed(3), (received / exports).toFixed(0), (bytes / received).toFixed(0), lost];
}

function printPerGib(comparisons: readonly Comparison[], effortText: string): void {
  console.log(`CPU per GiB, objects of 64 MiB (${effortText})\n`);
  const rows = comparisons.map((comparison) => [
    ...ratioCells(comparison),
    ((comparison.all * (GIB / LARGE)) / 1000).toFixed(0),
  ]);
  console.log(table([['', ...RATIO_HEAD, 'ms'], ...rows]));
}

function printVerdict(comparisons: readonly Comparison[], again: Ratio): void {
  console.log(`noise: the second untraced copy by the first is ${ratioText(again)}`);
  for (const { contestant, ratio } of comparisons.filter(({ contestant }) => contestant.tracer === 'ours')) {
    const met = ratio.median < TARGET ? 'met' : 'missed';
    const sure = ratio.interval.low < TARGET && ratio.interval.high > TARGET ? ', but not certainly' : '';
    console.log(`target < 5 %: ${met}${sure} (${contestant.name} ${percent(ratio.median)})`);
  }
}

await main();
