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
import { Arena, type Load } from './support/arena.ts';
import type { Listening } from './support/collector-process.ts';
import { type Delivery, deliveryOf, sumOf } from './support/delivery.ts';
import { type Options, readOptions, SMOKE } from './support/options.ts';
import { findPlaces, type Places } from './support/pinning.ts';
import { effortText, placesText, profiling, race } from './support/race.ts';
import type { Costs, Plan } from './support/rounds.ts';
import { type Random, seededRandom } from './support/statistics.ts';
import { type Comparison, compare, type Estimate, noise, percent, ratioText, table, verdict } from './support/table.ts';
import { CONTESTANTS, configOf, SPANS_PER_UPLOAD, type TracingContestant } from './support/tracing-contestants.ts';

const GIB = 1024 ** 3;
const LARGE = 64 * 1024 ** 2;
const TARGET = 1.05;
const RATIO_HEAD = ['ratio [95 % interval]', ''];

const LARGE_LOAD: Load = { size: LARGE, connections: 1, millis: 60_000, requests: 1 };
const LARGE_PLAN: Plan = { load: LARGE_LOAD, turns: 2, warmUp: 1, rounds: 4 };

interface Heat {
  readonly small: Costs;
  readonly large: Costs;
  readonly deliveries: readonly Delivery[];
}

interface Plans extends Options {
  readonly contestants: readonly TracingContestant[];
  readonly large: Plan;
}

function readPlans(args: string[]): Plans {
  const options = readOptions(args);
  const contestants = CONTESTANTS.filter(({ name, tracer }) => tracer === 'none' || name.includes(options.only));
  return { ...options, contestants, large: options.smoke ? { load: LARGE_LOAD, ...SMOKE } : LARGE_PLAN };
}

async function main(): Promise<void> {
  const plans = readPlans(process.argv.slice(2));
  const { contestants, small, large } = plans;
  const random = seededRandom(plans.seed);
  const heats: Heat[] = [];
  const places = findPlaces();
  while (heats.length < plans.heats) heats.push(await runHeat(plans, places, random, `heat ${heats.length + 1}`));
  const results = (of: 'small' | 'large') =>
    compare(
      contestants,
      heats.map((heat) => heat[of]),
      random,
    );
  const [perRequest, perGib] = [results('small'), results('large')];
  const deliveries = contestants.map((_, i) => sumOf(heats.map((heat) => heat.deliveries[i]!)));
  console.log(placesText(places));
  printPerRequest(perRequest, deliveries, effortText(heats.length, small));
  printPerGib(perGib, effortText(heats.length, large));
  if (plans.smoke) console.log('smoke run: the figures mean nothing');
  else
    printVerdict(
      perRequest,
      noise(
        heats.map((heat) => heat.small),
        random,
      ),
    );
}

async function runHeat(plans: Plans, places: Places | undefined, random: Random, name: string): Promise<Heat> {
  const { contestants, small, large, profile } = plans;
  const arena = new Arena(places);
  try {
    const collector = arena.start('./collector-process.ts');
    const ports = { store: await arena.openStore(), collector: await collector.ask<Listening>('listen') };
    const enter = (contestant: TracingContestant) => {
      const start = { config: configOf(contestant, ports), stock: contestant.tracer === 'stock' };
      return arena.enter(contestant, start, profiling(profile, contestant));
    };
    await Promise.all(contestants.map(enter));
    const costs = await race(arena, contestants, small, random, `${name}, small objects`);
    const deliver = (contestant: TracingContestant) =>
      deliveryOf(collector, contestant.name, expectedOf(arena, contestant));
    const deliveries = await Promise.all(contestants.map(deliver));
    return { small: costs, deliveries, large: await race(arena, contestants, large, random, `${name}, large objects`) };
  } finally {
    await arena.close();
  }
}

function expectedOf(arena: Arena, contestant: TracingContestant): number {
  return contestant.tracer === 'none' ? 0 : arena.uploads(contestant) * SPANS_PER_UPLOAD;
}

function printPerRequest(
  comparisons: readonly Comparison<TracingContestant>[],
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

function ratioCells({ contestant, ratio }: Comparison<TracingContestant>): string[] {
  return [contestant.name, ratioText(ratio), percent(ratio.median)];
}

function deliveryCells({ expected, received, exports, bytes }: Delivery): string[] {
  if (expected === 0) return ['', '', '', ''];
  const perRequest = (received / expected) * SPANS_PER_UPLOAD;
  const lost = String(expected - received);
  return [perRequest.toFixed(3), (received / exports).toFixed(0), (bytes / received).toFixed(0), lost];
}

function printPerGib(comparisons: readonly Comparison<TracingContestant>[], effortText: string): void {
  console.log(`CPU per GiB, objects of 64 MiB (${effortText})\n`);
  const rows = comparisons.map((comparison) => [
    ...ratioCells(comparison),
    ((comparison.all * (GIB / LARGE)) / 1000).toFixed(0),
  ]);
  console.log(table([['', ...RATIO_HEAD, 'ms'], ...rows]));
}

function printVerdict(comparisons: readonly Comparison<TracingContestant>[], again: Estimate): void {
  console.log(`noise: the second untraced copy by the first is ${ratioText(again)}`);
  for (const { contestant, ratio } of comparisons.filter(({ contestant }) => contestant.tracer === 'ours')) {
    console.log(`target < 5 %: ${verdict(ratio, TARGET)} (${contestant.name} ${percent(ratio.median)})`);
  }
}

await main();
