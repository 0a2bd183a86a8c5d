/**
 * The gain and the cost of workers: uploads a second, CPU, memory and descriptors with one process and with several workers.
 *
 *   npm run bench -- scale [--heats N] [--rounds N] [--seed N] [--only WORD] [--smoke]
 *
 * Gateways run at once: two with one process, and one each with 2 workers up to the number of CPUs and one more. Each is the program
 * `serve` with a configuration file, and takes its turn alone: 200 keep-alive connections send signed PUTs of 1 KiB without pause. The
 * turns are in random order, and a ratio is of the same round; bench/tracing.ts describes how this excludes other load of the
 * machine. Tracing is disabled, and successful requests are not logged. The same is done with objects of 8 MiB with Content-MD5 on 16
 * connections: most of their CPU is in the gateway.
 *
 * CPU is that of all processes of the gateway, as the kernel counts it. The client and the store run on the same CPUs, so uploads a
 * second show the limit of the machine and not of the workers. With one CPU for each worker, and others for the client and the
 * store, the limit of the workers is their number divided by the CPU per upload.
 *
 * Memory, descriptors and connections are read from fresh gateways, one after the other: after the start, after some load, with
 * 1,000 more connections that have sent one upload each, and while 200 of them are busy.
 *
 * --only      only contestants with this word in their name, and those with one process
 * --smoke     a few short turns to check that everything runs; the figures are meaningless
 */
import { availableParallelism } from 'node:os';
import { Arena } from './support/arena.ts';
import type { BodyKind } from './support/body-kinds.ts';
import { type Footprint, type FootprintPlan, footprintOf } from './support/footprint.ts';
import { type Options, readOptions } from './support/options.ts';
import { effortText, race } from './support/race.ts';
import type { Costs, Plan } from './support/rounds.ts';
import { type ScaleContestant, scaleConfig, scaleContestants } from './support/scale-contestants.ts';
import { type Random, seededRandom } from './support/statistics.ts';
import { compare, inverse, ratioText, table } from './support/table.ts';

const MIB = 1024 ** 2;
const BUSY = 200;

/** Uploads of one form. */
interface Race {
  readonly title: string;
  readonly kind: BodyKind;
  readonly keys: number;
  readonly plan: Plan;
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  const random = seededRandom(options.seed);
  const contestants = scaleContestants(availableParallelism()).filter(
    ({ name, workers }) => workers === 1 || name.includes(options.only),
  );
  const races = racesOf(options);
  const heats: Costs[][] = [];
  while (heats.length < options.heats)
    heats.push(await runHeat(contestants, races, random, `heat ${heats.length + 1}`));
  const footprints: Footprint[] = [];
  for (const contestant of contestants) footprints.push(await footprintOf(contestant, footprintPlanOf(options)));
  console.log(`${availableParallelism()} CPUs, for gateway, client and store together\n`);
  for (const [i, one] of races.entries())
    printLoad(
      contestants,
      one,
      heats.map((heat) => heat[i]!),
      random,
    );
  printFootprints(footprints);
  if (options.smoke) console.log('smoke run: the figures mean nothing');
}

/** Turns long enough for all connections to send several uploads. */
function racesOf({ small, smoke }: Options): Race[] {
  const load = { ...small.load, connections: BUSY, millis: smoke ? 100 : 250 };
  const large = { size: 8 * MIB, connections: 16, millis: 60_000, requests: 16 };
  return [
    {
      title: 'Objects of 1 KiB',
      kind: 'plain',
      keys: 256,
      plan: smoke ? { ...small, load } : { ...small, load, turns: 2, warmUp: 6 },
    },
    {
      title: 'Objects of 8 MiB with Content-MD5',
      kind: 'md5',
      keys: 16,
      plan: { load: large, turns: 1, warmUp: 1, rounds: Math.ceil(small.rounds / 2) },
    },
  ];
}

function footprintPlanOf({ smoke }: Options): FootprintPlan {
  return smoke ? { idle: 100, busy: 20, millis: 250 } : { idle: 1_000, busy: BUSY, millis: 4_000 };
}

/** @returns the costs of each race. */
async function runHeat(
  contestants: readonly ScaleContestant[],
  races: readonly Race[],
  random: Random,
  name: string,
): Promise<Costs[]> {
  const arena = new Arena(undefined);
  try {
    const storePort = await arena.openStore();
    for (const contestant of contestants)
      await arena.enterProgram(contestant, { config: scaleConfig(contestant, storePort) });
    const costs: Costs[] = [];
    for (const { title, kind, keys, plan } of races) {
      for (const contestant of contestants)
        await arena.prepare(contestant, { kind, signed: true, keys }, plan.load.size);
      costs.push(await race(arena, contestants, plan, random, `${name}, ${title}`));
    }
    return costs;
  } finally {
    await arena.close();
  }
}

function printLoad(
  contestants: readonly ScaleContestant[],
  { title, plan }: Race,
  heats: readonly Costs[],
  random: Random,
): void {
  const cpu = compare(contestants, heats, random);
  const clock = compare(contestants, heats.map(clockOf), random);
  const rows = contestants.map(({ name }, i) => [
    name,
    ratioText(inverse(clock[i]!.ratio)),
    (1e6 / clock[i]!.all).toFixed(0),
    ratioText(cpu[i]!.ratio),
    cpu[i]!.all.toFixed(0),
  ]);
  console.log(`${title}, no tracing (${effortText(heats.length, plan)})\n`);
  const head = ['relative to 1 process', 'uploads/s [95 % interval]', 'uploads/s', 'CPU/upload [95 % interval]', 'µs'];
  console.log(table([head, ...rows]));
}

/** The time on the clock in place of the CPU. */
function clockOf(costs: Costs): Costs {
  return costs.map((rounds) => rounds.map((cost) => ({ ...cost, all: cost.clock })));
}

function printFootprints(footprints: readonly Footprint[]): void {
  for (const { contestant, readings, cpus, rate } of footprints) {
    const head = [contestant.name, 'connections', 'resident MiB', 'anonymous MiB', 'descriptors'];
    const rows = readings.map(({ name, connections, processes }) => [
      name,
      String(connections),
      inMib(processes.map(({ resident }) => resident)),
      inMib(processes.map(({ anonymous }) => anonymous)),
      sumText(processes.map(({ descriptors }) => descriptors)),
    ]);
    console.log(table([head, ...rows]));
    const used = sumText(cpus.map((one) => Math.round(one * 100) / 100));
    console.log(`  under load: ${rate.toFixed(0)} uploads/s on CPUs ${used}\n`);
  }
}

function inMib(bytes: readonly number[]): string {
  return sumText(bytes.map((one) => Math.round(one / MIB)));
}

/** `250 = 60 + 95 + 95`: the primary first. */
function sumText(values: readonly number[]): string {
  const sum = values.reduce((total, value) => total + value, 0);
  const rounded = String(Math.round(sum * 100) / 100);
  return values.length === 1 ? rounded : `${rounded} = ${values.join(' + ')}`;
}

await main();
