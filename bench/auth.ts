/**
 * The cost of authentication and authorization: CPU per request with each authenticator and each policy engine, relative to none.
 *
 *   npm run bench -- auth [--heats N] [--rounds N] [--seed N] [--only WORD] [--smoke] [--profile DIR] [--write]
 *
 * Ten copies of the gateway run at once, each in a separate process; bench/tracing.ts describes how turns, rounds and heats exclude
 * other load of the machine. Tracing is disabled. All copies receive PUTs of 1 KiB over keep-alive connections, with
 * UNSIGNED-PAYLOAD so that no body is hashed. They differ in the credentials of the requests, which the AWS SDK's signer or jose
 * signed in advance, and in the policy engine. Tokens are from 64 subjects and verified with a JWKS that this process serves. The
 * engines are stubs that allow at once: their own CPU time and the wait for them are not counted.
 *
 * Authenticators are compared with anonymous uploads, policy engines with bearer tokens without an engine: ratio and difference in
 * the same round, the median over the rounds, and a 95 % bootstrap interval. Lines marked `again` show the noise. Differences
 * include all costs of credentials: longer headers, parsing, verification, metrics. `auth-calls` measures verification alone.
 *
 * The metrics of each gateway are checked. A request with an unexpected decision aborts the benchmark.
 *
 * --only      only contestants with this word in their name, and the baselines
 * --smoke     a few short turns to check that everything runs; the figures are meaningless
 * --profile   writes the V8 CPU profile of each copy's main thread to DIR, one folder per copy
 * --write     writes the tables to docs/performance.md
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Arena } from './support/arena.ts';
import { type AuthContestant, CONTESTANTS, configOf, METHODS, TARGETS } from './support/auth-contestants.ts';
import { IdentityProvider } from './support/identity-provider.ts';
import { type Options, readOptions, SMALL_OBJECT } from './support/options.ts';
import { readOwnCount } from './support/own-count.ts';
import { writeFigures } from './support/page-figures.ts';
import { findPlaces, type Places } from './support/pinning.ts';
import { effortText, placesText, profiling, race } from './support/race.ts';
import { headOf } from './support/requests.ts';
import type { Costs } from './support/rounds.ts';
import { requestsWith } from './support/signed-requests.ts';
import { median, type Random, seededRandom } from './support/statistics.ts';
import { type Comparison, compare, differenceText, microsText, ratioText, table, verdict } from './support/table.ts';

interface Heat {
  readonly costs: Costs;
  /** Calls to the policy engine by each request, of each contestant. */
  readonly calls: readonly number[];
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2), ['write']);
  const contestants = CONTESTANTS.filter(({ name }) => isOpponent(name) || name.includes(options.only));
  const random = seededRandom(options.seed);
  const places = findPlaces();
  const heats: Heat[] = [];
  while (heats.length < options.heats)
    heats.push(await runHeat(options, contestants, places, random, `heat ${heats.length + 1}`));
  const costs = heats.map((heat) => heat.costs);
  const comparisons = compare(contestants, costs, random);
  const calls = contestants.map((_, i) => median(heats.map((heat) => heat.calls[i]!)));
  const title = `CPU per request, objects of 1 KiB, no tracing (${effortText(heats.length, options.small)})\n`;
  const last = options.smoke ? 'smoke run: the figures mean nothing\n' : verdicts(comparisons);
  const text = [placesText(places), title, tables(comparisons, calls), last].join('\n');
  console.log(text);
  if (options.write) writeFigures('auth', text);
  process.exitCode = await runCalls(options);
}

function isOpponent(name: string): boolean {
  return CONTESTANTS.some(({ against }) => against.includes(name));
}

async function runHeat(
  { small, profile }: Options,
  contestants: readonly AuthContestant[],
  places: Places | undefined,
  random: Random,
  name: string,
): Promise<Heat> {
  const provider = await IdentityProvider.open();
  const arena = new Arena(places);
  try {
    const engine = arena.start('./engine-process.ts');
    const [storePort, enginePort] = await Promise.all([arena.openStore(), engine.ask<number>('listen')]);
    const surroundings = { storePort, enginePort, jwksUrl: provider.jwksUrl };
    const enter = async (contestant: AuthContestant): Promise<void> => {
      const start = { config: configOf(contestant, surroundings), stock: false };
      await arena.enter(contestant, start, profiling(profile, contestant));
      const requests = await requestsWith(contestant.credential, provider, SMALL_OBJECT);
      await arena.send(contestant, requests.map(headOf), SMALL_OBJECT);
    };
    await Promise.all(contestants.map(enter));
    const costs = await race(arena, contestants, small, random, name);
    return { costs, calls: await Promise.all(contestants.map((contestant) => callsPerRequest(arena, contestant))) };
  } finally {
    await arena.close();
    provider.close();
  }
}

/** @throws Error if not every request was judged as the contestant's should be. */
async function callsPerRequest(arena: Arena, contestant: AuthContestant): Promise<number> {
  const { accepted, calls } = readOwnCount(await arena.metrics(contestant));
  const uploads = arena.uploads(contestant);
  const method = METHODS[contestant.credential];
  if (accepted[method] !== uploads || Object.keys(accepted).length !== 1) {
    throw new Error(`${contestant.name}: ${uploads} uploads, but accepted were ${JSON.stringify(accepted)}`);
  }
  return calls / uploads;
}

function tables(comparisons: readonly Comparison<AuthContestant>[], calls: readonly number[]): string {
  const engines = comparisons.filter(({ contestant }) => contestant.engine !== undefined);
  const ways = comparisons.filter(({ contestant }) => contestant.engine === undefined);
  const head = ['ratio [95 % interval]', 'µs more [95 % interval]', 'µs', 'main thread'];
  const ofWays = table([['against anonymous', ...head], ...ways.map(cells)]);
  const rows = engines.map((one) => [...cells(one), calls[comparisons.indexOf(one)]!.toFixed(3)]);
  if (rows.length === 0) return ofWays;
  return `${ofWays}\n${table([['against JWT as bearer', ...head, 'calls/request'], ...rows])}`;
}

function cells({ contestant, ratio, difference, all, main }: Comparison<AuthContestant>): string[] {
  return [contestant.name, ratioText(ratio), differenceText(difference), all.toFixed(0), main.toFixed(0)];
}

function verdicts(comparisons: readonly Comparison<AuthContestant>[]): string {
  return comparisons
    .map(({ contestant, difference }) => {
      const target = TARGETS[contestant.name];
      if (target === undefined) return '';
      return `target < ${target} µs: ${verdict(difference, target)} (${contestant.name} ${microsText(difference)})\n`;
    })
    .join('');
}

/** The other half, in a process of its own. @returns its exit code. */
async function runCalls({ smoke, seed }: Options): Promise<number> {
  const file = fileURLToPath(new URL('./micro/auth-calls.ts', import.meta.url));
  const args = [file, '--seed', String(seed), ...(smoke ? ['--smoke'] : [])];
  const child = spawn(process.execPath, args, { stdio: 'inherit' });
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? 1;
}

await main();
