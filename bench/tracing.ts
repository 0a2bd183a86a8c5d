/**
 * The cost of tracing: CPU per request and per GiB, and latency at half load, with tracing relative to without.
 *
 *   npm run bench -- tracing [--heats N] [--rounds N] [--seed N] [--only WORD] [--smoke] [--profile DIR] [--write]
 *
 * Eleven copies of the gateway run at once, each in a separate process: tracing disabled, twice; the native tracer with no sampled
 * traces in three ways (never, a ratio of 0, and tail sampling, which records everything and keeps nothing); the native tracer and
 * the official SDK over gRPC and http/protobuf with all traces sampled, uncompressed as is the default for loopback endpoints; and the
 * native tracer over gRPC with the live view, without watchers and with one. These two are compared with the same without the view. All
 * verify signatures (SigV4) and query OPA for each upload. They share one load generator, one store that stores nothing, one OPA
 * that allows at once, and one collector that responds at once. Only one copy is loaded at a time, for a turn of 25 ms. A round is
 * twelve turns of each copy in random order, so that other load of the machine affects all copies alike. The measurement is the CPU
 * time of the whole process, exporter thread included, from the end of one round to the end of the next. After some rounds all
 * processes are restarted for another heat, because two processes of the same code differ by several percent. The first 24 rounds
 * are not counted, because V8 compiles.
 *
 * The figure is the ratio of a copy's CPU per request to the mean of the two untraced copies in the same round. The output is the
 * median over the rounds with a 95 % bootstrap interval. The ratio of the two untraced copies is the noise: differences of that size
 * are meaningless. Microseconds depend on the machine.
 *
 * Latency is measured at half the rate that the untraced copy reached, at a constant rate, including the wait for a connection.
 *
 * All copies log only errors and serve metrics. Dropped spans would be cheap, so the number of received spans is printed, and the
 * queue is long enough for all of them.
 *
 * Objects of 1 KiB are also sent to other servers in the place of the gateway: versitygw in its mode `s3`, nginx, and Caddy with and
 * without tracing, on the same CPU. They receive the same requests and use the same store. They do less than the gateway: versitygw
 * verifies the signature and signs for the store, but queries no OPA; nginx and Caddy verify nothing and sign nothing. They are compared
 * to the two untraced copies, and Caddy with tracing also to Caddy without. Caddy has one span per upload, exported over gRPC.
 * `scripts/install-real-servers.sh versitygw nginx caddy` installs them; a missing one is left out and reported.
 *
 * --only      only traced copies and other servers with this word in their name
 * --smoke     a few short turns to check that everything runs; the figures are meaningless
 * --profile   writes the V8 CPU profile of each copy's main thread to DIR, one folder per copy
 * --write     writes the tables to docs/performance.md, and the chart next to it
 */
import { writeFileSync } from 'node:fs';
import { Arena, type Load } from './support/arena.ts';
import { ratioChart } from './support/chart.ts';
import type { Listening } from './support/collector-process.ts';
import { type Delivery, deliveryOf, sumOf } from './support/delivery.ts';
import { IdentityProvider } from './support/identity-provider.ts';
import { halfLoad, type Latencies, type LatencyPlan, runLatencies } from './support/latency.ts';
import { compareLatencies, latencyTable } from './support/latency-comparison.ts';
import { type Options, readOptions, SMALL_OBJECT, SMOKE } from './support/options.ts';
import { writeFigures } from './support/page-figures.ts';
import { findPlaces, type Places } from './support/pinning.ts';
import { effortText, placesText, profiling, race } from './support/race.ts';
import { headOf } from './support/requests.ts';
import type { Costs, Plan } from './support/rounds.ts';
import { requestsWith } from './support/signed-requests.ts';
import { type Random, seededRandom } from './support/statistics.ts';
import { type Comparison, compare, noise, percent, ratioOf, ratioText, table, verdict } from './support/table.ts';
import { CONTESTANTS, configOf, type TracingContestant, UNTRACED } from './support/tracing-contestants.ts';
import { availablePeers, TRACED_CADDY, type TracingPeer, UNTRACED_CADDY } from './support/tracing-peers.ts';

const GIB = 1024 ** 3;
const LARGE = 64 * 1024 ** 2;
const AIM = 1.05;

const LARGE_LOAD: Load = { size: LARGE, connections: 1, millis: 60_000, requests: 1 };
const LARGE_PLAN: Plan = { load: LARGE_LOAD, turns: 2, warmUp: 1, rounds: 4 };
const LATENCY_PLAN: LatencyPlan = { rounds: 6, turns: 4, millis: 100 };

type Racer = TracingContestant | TracingPeer;

interface Heat {
  /** Of the gateways, and then of the other servers. */
  readonly small: Costs;
  readonly large: Costs;
  readonly latencies: Latencies;
  readonly deliveries: readonly Delivery[];
}

interface Plans extends Options {
  /** The gateways. The first two are the untraced ones. */
  readonly contestants: readonly TracingContestant[];
  readonly peers: readonly TracingPeer[];
  readonly large: Plan;
  readonly latency: LatencyPlan;
}

function readPlans(args: string[]): Plans {
  const options = readOptions(args, ['write']);
  const contestants = CONTESTANTS.filter(({ name, tracer }) => tracer === 'none' || name.includes(options.only));
  return {
    ...options,
    contestants,
    peers: availablePeers(options.only, (name, why) => console.log(`without ${name}: ${why}`)),
    large: options.smoke ? { load: LARGE_LOAD, ...SMOKE } : LARGE_PLAN,
    latency: options.smoke ? { rounds: 2, turns: 1, millis: 50 } : LATENCY_PLAN,
  };
}

async function main(): Promise<void> {
  const plans = readPlans(process.argv.slice(2));
  const random = seededRandom(plans.seed);
  const heats: Heat[] = [];
  const places = findPlaces();
  while (heats.length < plans.heats) heats.push(await runHeat(plans, places, random, `heat ${heats.length + 1}`));
  const small = heats.map((heat) => heat.small);
  const perRequest = compare<Racer>([...plans.contestants, ...plans.peers], small, random);
  const text = [
    placesText(places),
    requestsText(plans, perRequest, heats, random),
    bytesText(plans, heats, random),
    latencyText(plans, heats, random),
  ].join('\n');
  console.log(text);
  if (plans.smoke) console.log('smoke run: the figures mean nothing');
  else printVerdicts(perRequest);
  if (plans.write) writeDocuments(text, perRequest);
}

async function runHeat(plans: Plans, places: Places | undefined, random: Random, name: string): Promise<Heat> {
  const { contestants, peers, small, large, profile } = plans;
  const provider = await IdentityProvider.open();
  const arena = new Arena(places);
  try {
    const collector = arena.start('./collector-process.ts');
    const engine = arena.start('./engine-process.ts');
    const ports = {
      store: await arena.openStore(),
      engine: await engine.ask<number>('listen'),
      collector: await collector.ask<Listening>('listen'),
    };
    const enter = (contestant: TracingContestant) => {
      const start = { config: configOf(contestant, ports), stock: contestant.tracer === 'stock' };
      return arena.enter(contestant, start, profiling(profile, contestant));
    };
    const enterPeer = (one: TracingPeer) =>
      arena.enterPeer(one, { peer: one.peer, storePort: ports.store, collectorPort: ports.collector.grpc });
    const sign = async (to: readonly Racer[], size: number): Promise<void> => {
      const heads = (await requestsWith('header', provider, size)).map(headOf);
      for (const contestant of to) await arena.send(contestant, heads, size);
    };
    await Promise.all([...contestants.map(enter), ...peers.map(enterPeer)]);
    const watchers = arena.start('./watcher-process.ts');
    for (const contestant of contestants)
      if (contestant.view === 'watched') await watchers.ask('watch', arena.metricsUrl(contestant));
    const all = [...contestants, ...peers];
    await sign(all, SMALL_OBJECT);
    const costs = await race(arena, all, small, random, `${name}, small objects`);
    const latencies = await runLatencies(arena, contestants, plans.latency, halfLoad(costs), random);
    const deliver = (one: Racer) =>
      deliveryOf(collector, 'peer' in one ? one.peer : one.name, arena.uploads(one) * (one.spans ?? 0));
    const deliveries = await Promise.all(all.map(deliver));
    await sign(contestants, LARGE);
    const sizes = await race(arena, contestants, large, random, `${name}, large objects`);
    return { small: costs, latencies, deliveries, large: sizes };
  } finally {
    await arena.close();
    provider.close();
  }
}

function requestsText(
  { small }: Plans,
  comparisons: readonly Comparison<Racer>[],
  heats: readonly Heat[],
  random: Random,
): string {
  const costs = heats.map((heat) => heat.small);
  const head = [
    '',
    'ratio [95 % interval]',
    '',
    'µs',
    'main thread',
    'spans/request',
    'spans/export',
    'bytes/span',
    'lost',
  ];
  const rows = comparisons.map((comparison, i) => [
    comparison.contestant.name,
    ratioText(comparison.ratio),
    percent(comparison.ratio.median),
    comparison.all.toFixed(0),
    'peer' in comparison.contestant ? '' : comparison.main.toFixed(0),
    ...deliveryCells(sumOf(heats.map((heat) => heat.deliveries[i]!)), comparison.contestant.spans ?? 0),
  ]);
  const title = `CPU per request, objects of 1 KiB, SigV4 and OPA (${effortText(heats.length, small)})`;
  const again = `noise: the second untraced copy by the first is ${ratioText(noise(costs, random))}\n`;
  return `${title}\n\n${table([head, ...rows])}\n${again}${caddyText(comparisons, costs, random)}`;
}

/** What tracing costs in Caddy, if both take part. */
function caddyText(comparisons: readonly Comparison<Racer>[], costs: readonly Costs[], random: Random): string {
  const indexOf = (name: string): number => comparisons.findIndex(({ contestant }) => contestant.name === name);
  const [traced, untraced] = [indexOf(TRACED_CADDY), indexOf(UNTRACED_CADDY)];
  if (traced < 0 || untraced < 0) return '';
  return `tracing in Caddy: with it by without is ${ratioText(ratioOf(costs, traced, untraced, random))}\n`;
}

/** @param spans of one upload. */
function deliveryCells({ expected, received, exports, bytes }: Delivery, spans: number): string[] {
  if (expected === 0) return ['', '', '', received === 0 ? '' : `${received} too many`];
  const perRequest = (received / expected) * spans;
  const lost = String(expected - received);
  return [perRequest.toFixed(3), (received / exports).toFixed(0), (bytes / received).toFixed(0), lost];
}

function bytesText(plans: Plans, heats: readonly Heat[], random: Random): string {
  const comparisons = compare(
    plans.contestants,
    heats.map(({ large }) => large),
    random,
  );
  const rows = comparisons.map(({ contestant, ratio, all }) => [
    contestant.name,
    ratioText(ratio),
    percent(ratio.median),
    ((all * (GIB / LARGE)) / 1000).toFixed(0),
  ]);
  const title = `CPU per GiB, objects of 64 MiB (${effortText(heats.length, plans.large)})`;
  return `${title}\n\n${table([['', 'ratio [95 % interval]', '', 'ms'], ...rows])}`;
}

function latencyText({ contestants, latency }: Plans, heats: readonly Heat[], random: Random): string {
  const latencies = heats.map((heat) => heat.latencies);
  const title = `Latency at half load, objects of 1 KiB (${heats.length} × ${latency.rounds} rounds of ${latency.turns} turns of ${latency.millis} ms)`;
  return `${title}\n\n${latencyTable(compareLatencies(contestants, latencies, random))}`;
}

function printVerdicts(comparisons: readonly Comparison<Racer>[]): void {
  for (const { contestant, ratio } of comparisons) {
    if ('peer' in contestant || contestant.target === undefined) continue;
    const { name, target } = contestant;
    console.log(
      `target < ${((target - 1) * 100).toFixed(0)} %: ${verdict(ratio, target)} (${name} ${percent(ratio.median)})`,
    );
  }
}

function writeDocuments(text: string, comparisons: readonly Comparison<Racer>[]): void {
  writeFigures('tracing', text);
  const compared = comparisons.filter(({ contestant }) => !('peer' in contestant) && contestant.against === UNTRACED);
  const bars = compared.map(({ contestant: { name }, ratio }) => ({ name, ratio }));
  const title = 'CPU per request of 1 KiB, by that of the same gateway without tracing';
  writeFileSync(new URL('../docs/tracing-cost.svg', import.meta.url), ratioChart(title, bars, AIM));
}

await main();
