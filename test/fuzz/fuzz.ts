/**
 * The fuzzer: `npm run fuzz -- --minutes 1 --seed 42`. A third of the time each goes to the parsers, to requests for a running gateway,
 * and to transfers through it; `--only transfers` selects one. What it finds comes again with the same seed. A watch in the main thread tells of a text over which a parser never comes to its end.
 */
import { parseArgs } from 'node:util';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { seededRandom } from '../../src/kit/seeded-random.ts';
import { memoryInUse } from './flat-memory.ts';
import { Finding, fuzzOnce } from './fuzz-parsers.ts';
import { ServerFuzzer } from './fuzz-server.ts';
import { PARSERS } from './parsers/all.ts';
import { TransferFuzzer } from './transfers/fuzz-transfers.ts';

const TARGETS = ['parsers', 'requests', 'transfers'] as const;
type Target = (typeof TARGETS)[number];

interface Work {
  readonly millis: number;
  readonly seed: number;
  readonly targets: readonly Target[];
  /** Cases so far. */
  readonly done: Int32Array;
}

/** Memory may grow by so much, in bytes, after the first cases: caches, compiled code. */
const MOST_LEFT = 24 * 1024 * 1024;
const WARM_UP = 2_000;
const CONNECTIONS = 128;
/** Of a round of transfers. */
const TRANSFER_CONNECTIONS = 64;
/** Milliseconds without a case that is over: a parser hangs. */
const HANGS = 60_000;

async function work({ millis, seed, targets, done }: Work): Promise<void> {
  const each = millis / targets.length;
  for (const target of targets) await FUZZERS[target](each, seed, done);
}

const FUZZERS: Readonly<Record<Target, (millis: number, seed: number, done: Int32Array) => Promise<void>>> = {
  async parsers(millis, seed, done) {
    await untilLate(millis, seed, done, (random) => fuzzOnce(random, PARSERS));
    console.log(`parsers: ${Atomics.load(done, 0)} texts`);
  },
  async requests(millis, seed, done) {
    const server = await ServerFuzzer.start();
    try {
      await untilLate(millis, seed + 1, done, (random) => server.round(random, CONNECTIONS), WARM_UP / CONNECTIONS);
      console.log(`running gateway: ${server.judged} requests judged`);
    } finally {
      await server.close();
    }
  },
  async transfers(millis, seed, done) {
    const fuzzer = await TransferFuzzer.start();
    try {
      await untilLate(millis, seed + 2, done, (random) => fuzzer.round(random, TRANSFER_CONNECTIONS), 2);
      const { uploads, stored } = fuzzer.counts;
      console.log(`transfers: ${uploads} uploads judged, of which ${stored} were stored`);
    } finally {
      await fuzzer.close();
    }
  },
};

async function untilLate(
  millis: number,
  seed: number,
  done: Int32Array,
  once: (random: () => number) => Promise<void>,
  warmUp = WARM_UP,
): Promise<void> {
  const random = seededRandom(seed);
  const end = performance.now() + millis;
  let before = 0;
  for (let count = 0; performance.now() < end; count++) {
    if (count === warmUp) before = await memoryInUse();
    await once(random);
    Atomics.add(done, 0, 1);
  }
  const left = before === 0 ? 0 : (await memoryInUse()) - before;
  if (left > MOST_LEFT) throw new Finding(`${Math.round(left / 1024 / 1024)} MiB are still in use`);
}

function main(): void {
  const { values } = parseArgs({
    options: { minutes: { type: 'string' }, seed: { type: 'string' }, only: { type: 'string' } },
  });
  const seed = Number(values.seed ?? Date.now() % 1_000_000);
  const millis = Number(values.minutes ?? 1) * 60_000;
  const targets = TARGETS.filter((name) => name === (values.only ?? name));
  if (!Number.isFinite(seed) || !(millis > 0) || targets.length === 0)
    throw new Error(`use: npm run fuzz -- --minutes N --seed S --only ${TARGETS.join('|')}`);
  const only = values.only === undefined ? '' : ` --only ${values.only}`;
  console.log(`seed ${seed}: npm run fuzz -- --minutes ${millis / 60_000} --seed ${seed}${only}`);
  const done = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(new URL(import.meta.url), { workerData: { millis, seed, targets, done } });
  let seen = -1;
  const watch = setInterval(() => {
    const now = Atomics.load(done, 0);
    if (now !== seen) seen = now;
    else fail(`seed ${seed}: case ${now} does not come to an end`);
  }, HANGS);
  worker.once('error', (error: Error) => fail(`seed ${seed}, case ${Atomics.load(done, 0)}: ${error.stack ?? error}`));
  worker.once('exit', (code) => {
    clearInterval(watch);
    process.exitCode ??= code;
  });
}

function fail(message: string): void {
  console.error(message);
  process.exit(1);
}

if (isMainThread) main();
else await work(workerData as Work);
