/**
 * Latency with tracing relative to without, at half load, with a real MinIO, OPA and Jaeger.
 *
 *   npm run bench -- latency [--heats N] [--rounds N] [--seed N] [--only WORD] [--smoke] [--profile DIR] [--write]
 *
 * Four copies of the gateway run at once, each in a separate process: tracing disabled, twice, and all traces over gRPC and over
 * http/protobuf. All verify signatures (SigV4), query one OPA with a small policy for each upload, and store objects of 1 KiB in one MinIO.
 * They export to one Jaeger 2, which keeps traces in memory. The gateways have one CPU, and all other processes have the others.
 *
 * First all copies are loaded without pause, in turns. Half of the rate of the first untraced copy is then the constant rate of
 * further turns, of one copy at a time, in random order. Latency includes the wait for a connection. A pause after each
 * turn lets the last spans leave, so that Jaeger's work for one copy does not delay another. On few CPUs MinIO, OPA, Jaeger and the
 * client delay each other, so a copy with tracing also has the delay by Jaeger.
 *
 * The figure is the ratio of a copy's median latency to the mean of the two untraced copies in the same round. The output is the median
 * over the rounds with a 95 % bootstrap interval, and is compared with +5 %. The ratio of the two untraced copies is the noise: if it
 * differs by more than 5 %, the run decides nothing. Dropped spans are reported. After some rounds all processes are restarted for another
 * heat. scripts/install-real-servers.sh minio opa jaeger installs the servers. The objects are in the folder of temporary files.
 *
 * --only      only traced copies with this word in their name
 * --smoke     a few short turns to check that everything runs; the figures are meaningless
 * --profile   writes the V8 CPU profile of each copy's main thread to DIR, one folder per copy
 * --write     writes the table to docs/performance.md
 */
import type { Config } from '../src/config/config.ts';
import { eventually } from '../test/real/support/eventually.ts';
import { binary } from '../test/real/support/real-server.ts';
import { ACCESS_KEY, SECRET_KEY } from '../test/real/support/real-stores.ts';
import { Arena } from './support/arena.ts';
import type { HelperProcess } from './support/helper-process.ts';
import { IdentityProvider } from './support/identity-provider.ts';
import { halfLoad, type Latencies, type LatencyPlan, runLatencies } from './support/latency.ts';
import { compareLatencies, latencyNoise, latencyTable } from './support/latency-comparison.ts';
import { type Options, readOptions, SMALL_OBJECT } from './support/options.ts';
import { writeFigures } from './support/page-figures.ts';
import { findPlaces, type Places } from './support/pinning.ts';
import { placesText, profiling, race } from './support/race.ts';
import { headOf } from './support/requests.ts';
import type { Plan } from './support/rounds.ts';
import { requestsWith } from './support/signed-requests.ts';
import { type Random, seededRandom } from './support/statistics.ts';
import { type Estimate, percent, ratioText, verdict } from './support/table.ts';
import { CONTESTANTS, configOf, type Ports, type TracingContestant } from './support/tracing-contestants.ts';

const AIM = 1.05;
const BUCKET = 'uploads';
const SERVERS = ['minio', 'opa', 'jaeger'];
/** Milliseconds after which spans leave: several times in a turn, so that exports delay uploads of the same copy. */
const EXPORT_DELAY = 200;

interface Plans {
  /** To warm up, and to see how many uploads a second there are. */
  readonly fast: Plan;
  readonly latency: LatencyPlan;
}

interface Heat {
  readonly latencies: Latencies;
  /** Uploads a second. */
  readonly rate: number;
  /** Spans that were dropped, of each contestant. */
  readonly lost: readonly number[];
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2), ['write']);
  const contestants = contestantsWith(options.only);
  const plans = plansOf(options);
  const random = seededRandom(options.seed);
  const places = findPlaces();
  const heats: Heat[] = [];
  while (heats.length < options.heats)
    heats.push(await runHeat(options, contestants, plans, places, random, `heat ${heats.length + 1}`));
  const text = [placesText(places), reportOf(contestants, plans, heats, options.smoke, random)].join('\n');
  console.log(text);
  if (options.smoke) console.log('smoke run: the figures mean nothing');
  if (options.write) writeFigures('latency', text);
}

/** The untraced copies, and those with the target of 5 % and this word in their name. */
function contestantsWith(word: string): TracingContestant[] {
  return CONTESTANTS.filter(({ name, tracer, target }) => tracer === 'none' || (target === AIM && name.includes(word)));
}

function plansOf({ smoke, small: { load, rounds } }: Options): Plans {
  const second = { ...load, millis: 1000 };
  if (smoke) {
    const fast = { load: { ...load, millis: 250 }, turns: 1, warmUp: 1, rounds: 1 };
    return { fast, latency: { rounds: 2, turns: 2, millis: 250, pause: 250 } };
  }
  return {
    fast: { load: second, turns: 1, warmUp: 8, rounds: 4 },
    latency: { rounds, turns: 6, millis: 500, pause: 250 },
  };
}

async function runHeat(
  { profile }: Options,
  contestants: readonly TracingContestant[],
  { fast, latency }: Plans,
  places: Places | undefined,
  random: Random,
  name: string,
): Promise<Heat> {
  const provider = await IdentityProvider.open();
  const arena = new Arena(places);
  const real = arena.start('./real-surroundings.ts');
  try {
    const ports = await real.ask<Ports>('start', BUCKET);
    const heads = (await requestsWith('header', provider, SMALL_OBJECT)).map(headOf);
    const enter = async (contestant: TracingContestant): Promise<void> => {
      const start = { config: realConfig(contestant, ports), stock: false };
      await arena.enter(contestant, start, profiling(profile, contestant));
      await arena.send(contestant, heads, SMALL_OBJECT);
    };
    await Promise.all(contestants.map(enter));
    const rate = halfLoad(await race(arena, contestants, fast, random, name));
    const latencies = await runLatencies(arena, contestants, latency, rate, random);
    const lost = await Promise.all(contestants.map((contestant) => lostSpans(arena, contestant)));
    await checkTraces(real, contestants);
    return { latencies, rate, lost };
  } finally {
    await real.ask('close').catch(() => {});
    await arena.close();
    provider.close();
  }
}

/** With the keys of the real store, and an EXPORT_DELAY. */
function realConfig(contestant: TracingContestant, ports: Ports): Config {
  const config = configOf(contestant, ports);
  const keys = { access_key: ACCESS_KEY, secret_key: SECRET_KEY };
  return {
    ...config,
    buckets: config.buckets.map((bucket) => ({ ...bucket, s3: { ...bucket.s3, ...keys, bucket: BUCKET } })),
    tracing: { ...config.tracing, batch: { ...config.tracing.batch, scheduled_delay_millis: EXPORT_DELAY } },
  };
}

/** Spans that the gateway dropped, when those of all its uploads have left. Attempts that it repeated have more spans, so this is no difference. */
async function lostSpans(arena: Arena, contestant: TracingContestant): Promise<number> {
  const expected = arena.uploads(contestant) * (contestant.spans ?? 0);
  let dropped = 0;
  const look = async (): Promise<true | undefined> => {
    const metrics = await arena.metrics(contestant);
    dropped = spansOf('dropped', metrics);
    const queued = Number(/^mizuchi_export_queue_items\{signal="traces"\} (\S+)$/m.exec(metrics)?.[1] ?? 0);
    return (queued === 0 && spansOf('exported', metrics) + dropped >= expected) || undefined;
  };
  await eventually('all spans have left', look, 10);
  return dropped;
}

/** @param fate what became of them. @param metrics in the text format of Prometheus. */
function spansOf(fate: 'exported' | 'dropped', metrics: string): number {
  const series = new RegExp(`^mizuchi_export_${fate}_items_total\\{[^}]*signal="traces"[^}]*\\} (\\S+)$`, 'gm');
  return [...metrics.matchAll(series)].reduce((sum, [, value]) => sum + Number(value), 0);
}

/** @throws Error if a trace in Jaeger does not have all spans of an upload; an attempt that was repeated has one more. */
async function checkTraces(real: HelperProcess, contestants: readonly TracingContestant[]): Promise<void> {
  const expected = contestants.find(({ spans }) => spans !== undefined)?.spans;
  if (expected === undefined) return;
  const spans = await real.ask<number>('spansOfOneTrace');
  if (spans < expected) throw new Error(`a trace in Jaeger has ${spans} spans, and not ${expected}`);
}

function reportOf(
  contestants: readonly TracingContestant[],
  { latency: { rounds, turns, millis } }: Plans,
  heats: readonly Heat[],
  smoke: boolean,
  random: Random,
): string {
  const latencies = heats.map((heat) => heat.latencies);
  const comparisons = compareLatencies(contestants, latencies, random);
  const rates = heats.map(({ rate }) => rate).join(', ');
  const effort = `${heats.length} × ${rounds} rounds of ${turns} ${turns === 1 ? 'turn' : 'turns'} of ${millis} ms`;
  const noise = latencyNoise(latencies, random);
  const verdicts = comparisons
    .filter(({ contestant }) => contestant.target !== undefined)
    .map(({ contestant: { name }, median: ratio }) => {
      const lost = heats.reduce((sum, heat) => sum + heat.lost[contestants.findIndex((one) => one.name === name)]!, 0);
      const outcome = smoke ? '' : `target < 5 %: ${judged(ratio, noise)}, `;
      return `${name} ${percent(ratio.median)}: ${outcome}spans dropped: ${lost}`;
    });
  return [
    `Latency at half load (${rates} uploads a second), objects of 1 KiB, MinIO, OPA and Jaeger (${effort})`,
    '',
    latencyTable(comparisons),
    `noise: the second untraced copy by the first is ${ratioText(noise)}`,
    ...verdicts,
  ].join('\n');
}

function judged(ratio: Estimate, noise: Estimate): string {
  const isNoisy = Math.max(noise.median, 1 / noise.median) > AIM;
  return isNoisy ? 'undecided, because the noise is larger' : verdict(ratio, AIM);
}

/** The names of the real servers that are not installed. */
function missingServers(): string[] {
  return SERVERS.filter((name) => {
    try {
      binary(name);
      return false;
    } catch {
      return true;
    }
  });
}

const missing = missingServers();
if (missing.length > 0) {
  console.error(`${missing.join(', ')}: not installed. Run scripts/install-real-servers.sh ${SERVERS.join(' ')}`);
  process.exitCode = 1;
} else {
  await main();
}
