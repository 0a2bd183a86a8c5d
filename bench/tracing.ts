/**
 * What tracing costs: CPU per request and per GiB of the gateway with tracing at 100 %, against the same gateway without.
 *
 *   npm run bench -- tracing [--rounds N] [--seed N] [--only WORD] [--smoke] [--profile DIR]
 *
 * Five copies of the gateway run at once, each in a process of its own: tracing off, tracing off again, ours over gRPC, ours
 * over http/protobuf, and the official SDK over http/protobuf, the last three with gzip. They share one load generator, one
 * store that keeps nothing and one collector that answers at once. Only one copy is loaded at a time, for a turn of 25 ms;
 * a round is twelve turns of each copy in random order, so that whatever else the machine does hits all alike. What is
 * counted is the CPU of the whole process, exporter thread included, from the end of one round to the end of the next:
 * nothing that a copy does goes uncounted.
 *
 * The figure is a ratio: a copy's CPU per request by that of the untraced copy in the same round; printed is the median over
 * the rounds with a 95 % bootstrap interval. The untraced gateway by itself shows the noise: differences of that size mean
 * nothing. Microseconds depend on the machine and are there for information only.
 *
 * All copies log errors only and serve metrics. A span that never reaches the collector would be a cheap one, so the spans
 * that were received are printed as well, and the queue is long enough for all of them.
 *
 * --only      of the traced copies only those with this word in their name
 * --smoke     two short rounds, to see that everything runs; the figures mean nothing
 * --profile   writes V8's CPU profiles of each copy and of its exporter thread into DIR, one folder a copy
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Arena, type Delivery, type Load } from './support/arena.ts';
import { CONTESTANTS, type Contestant, SPANS_PER_UPLOAD } from './support/contestants.ts';
import { type Costs, type Plan, runRounds } from './support/rounds.ts';
import { type Random, seededRandom } from './support/statistics.ts';
import { type Comparison, compare, percent, ratioText, table } from './support/table.ts';

const KIB = 1024;
const GIB = 1024 ** 3;
const LARGE = 64 * KIB * KIB;
const TARGET = 1.05;

const SMALL_LOAD: Load = { size: KIB, connections: 16, millis: 25, requests: Number.MAX_SAFE_INTEGER };
const LARGE_LOAD: Load = { size: LARGE, connections: 1, millis: 60_000, requests: 1 };

const SMOKE = { warmUp: 1, rounds: 2 };

interface Options {
  readonly contestants: readonly Contestant[];
  readonly small: Plan;
  readonly large: Plan;
  readonly seed: number;
  readonly profile: string | undefined;
}

function readOptions(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      rounds: { type: 'string', default: '60' },
      seed: { type: 'string', default: '1' },
      only: { type: 'string', default: '' },
      smoke: { type: 'boolean', default: false },
      profile: { type: 'string' },
    },
  });
  const [rounds, seed] = [Number(values.rounds), Number(values.seed)];
  if (!(Number.isInteger(rounds) && rounds > 0)) throw new Error('--rounds is not a positive whole number');
  if (!Number.isInteger(seed)) throw new Error('--seed is not a whole number');
  const contestants = CONTESTANTS.filter(({ name, tracer }) => tracer === 'none' || name.includes(values.only));
  const common = { contestants, seed, profile: values.profile };
  const small = { load: SMALL_LOAD, turns: 12, warmUp: 10, rounds };
  const large = { load: LARGE_LOAD, turns: 3, warmUp: 1, rounds: Math.ceil(rounds / 5) };
  if (!values.smoke) return { ...common, small, large };
  return { ...common, small: { ...small, turns: 4, ...SMOKE }, large: { ...large, turns: 1, ...SMOKE } };
}

async function main(): Promise<void> {
  const { contestants, small, large, seed, profile } = readOptions(process.argv.slice(2));
  const random = seededRandom(seed);
  const arena = await Arena.open(contestants, (contestant) => profiling(profile, contestant));
  try {
    const perRequest = compare(await race(arena, contestants, small, random), random);
    const deliveries = await Promise.all(contestants.map((contestant) => arena.delivery(contestant)));
    printPerRequest(perRequest, deliveries, small);
    const perPut = compare(await race(arena, contestants, large, random), random);
    printPerGib(perPut, large);
    printVerdict(perRequest);
  } finally {
    await arena.close();
  }
}

function profiling(folder: string | undefined, { name }: Contestant): string[] {
  if (folder === undefined) return [];
  return ['--cpu-prof', `--cpu-prof-dir=${join(folder, name.replace(/[^a-z]+/gi, '-'))}`];
}

async function race(arena: Arena, contestants: readonly Contestant[], plan: Plan, random: Random): Promise<Costs> {
  const showing = process.stderr.isTTY;
  const costs = await runRounds(arena, contestants, plan, random, (round, of) => {
    if (showing) process.stderr.write(`\rPUT of ${plan.load.size} bytes: round ${round} of ${of} `);
  });
  if (showing) process.stderr.write('\r\x1b[K');
  return costs;
}

function printPerRequest(
  comparisons: readonly Comparison[],
  deliveries: readonly Delivery[],
  { load, turns, rounds }: Plan,
): void {
  const effort = `${load.connections} connections, ${rounds} rounds of ${turns} × ${load.millis} ms`;
  console.log(`CPU per request: PUT of 1 KiB, ${effort}\n`);
  const head = ['', 'ratio [95 % interval]', '', 'µs', 'spans/request', 'spans/export', 'bytes/span', 'lost'];
  const rows = comparisons.map((comparison, i) => [
    comparison.name,
    i === 0 ? '×1' : ratioText(comparison),
    i === 0 ? '' : percent(comparison.ratio),
    comparison.cost.toFixed(1),
    ...deliveryCells(deliveries[i]!),
  ]);
  console.log(table([head, ...rows]));
}

function deliveryCells({ expected, received, exports, bytes }: Delivery): string[] {
  if (expected === 0) return ['', '', '', ''];
  const perRequest = (received / expected) * SPANS_PER_UPLOAD;
  const perExport = received / exports;
  return [perRequest.toFixed(3), perExport.toFixed(0), (bytes / received).toFixed(0), String(expected - received)];
}

function printPerGib(comparisons: readonly Comparison[], { load, turns, rounds }: Plan): void {
  console.log(`CPU per GiB: PUT of 64 MiB, one at a time, ${rounds} rounds of ${turns}\n`);
  const rows = comparisons.map((comparison, i) => [
    comparison.name,
    i === 0 ? '×1' : ratioText(comparison),
    i === 0 ? '' : percent(comparison.ratio),
    ((comparison.cost * (GIB / load.size)) / 1000).toFixed(0),
  ]);
  console.log(table([['', 'ratio [95 % interval]', '', 'ms'], ...rows]));
}

function printVerdict([, again, ...traced]: readonly Comparison[]): void {
  console.log(`noise: the untraced gateway against itself ${percent(again!.ratio)}`);
  for (const comparison of traced.filter(({ name }) => name.startsWith('mizuchi'))) {
    const met = comparison.ratio < TARGET ? 'met' : 'missed';
    console.log(`target < 5 %: ${met} (${comparison.name}, ${percent(comparison.ratio)} CPU per request)`);
  }
}

await main();
