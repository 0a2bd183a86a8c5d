/**
 * Ten minutes of random uploads in every way of sending, with clients and stores that fail. It is the fuzzer of transfers in front of a
 * separate gateway process, and judges each upload. Between the rounds, when no upload is under way, it counts the descriptors, pipes,
 * threads and memory of the process: they must not grow.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { seededRandom } from '../src/kit/seeded-random.ts';
import { FUZZED_CONFIG, type FuzzedGateway, TransferFuzzer } from '../test/fuzz/transfers/fuzz-transfers.ts';
import { type GatewayProcess, startGatewayProcess } from '../test/support/gateway-process.ts';
import { openDescriptors, openPipes, residentBytes, threads } from '../test/support/process-figures.ts';

const CONNECTIONS = 64;
/** Idle connections to the store close after 4 s; pipes stay. */
const REST_MILLIS = 4_500;
/** Rounds from one sample to the next. */
const ROUNDS = 3;
const LEAST_SAMPLES = 8;
/** MiB. */
const MOST_RESIDENT = 500;
const MOST_GROWTH = 32;

interface Sample {
  readonly descriptors: number;
  readonly pipes: number;
  readonly threads: number;
  /** MiB. */
  readonly resident: number;
}

const FIGURES = ['descriptors', 'pipes', 'threads', 'resident'] as const;
/** Growth from the first half to the second one that is not a leak. Each of two pump threads keeps up to 32 idle pipes. */
const TOLERANCE: Readonly<Record<(typeof FIGURES)[number], number>> = {
  descriptors: 16,
  pipes: 16,
  threads: 0,
  resident: MOST_GROWTH,
};

export async function soakBodies(minutes: number, seed: number): Promise<void> {
  let gateway!: GatewayProcess;
  const fuzzer = await TransferFuzzer.start(async (storeUrl): Promise<FuzzedGateway> => {
    gateway = await startGatewayProcess(configOf(storeUrl));
    const { log, metricsUrl, url } = gateway;
    return { port: Number(new URL(url).port), metricsUrl, log, close: () => gateway.stop() };
  });
  const random = seededRandom(seed);
  const samples: Sample[] = [];
  const end = performance.now() + minutes * 60_000;
  console.log(`${minutes} minutes of uploads in every way, seed ${seed}`);
  try {
    for (let round = 0; performance.now() < end; round++) {
      await fuzzer.round(random, CONNECTIONS);
      if (round % ROUNDS !== 0) continue;
      await sleep(REST_MILLIS);
      samples.push(sampleOf(gateway.process.pid!));
    }
  } finally {
    await fuzzer.close();
  }
  const { uploads, stored } = fuzzer.counts;
  console.log(`\n  ✓ ${uploads} uploads have the outcome that the store has; ${stored} were stored`);
  if (samples.length < LEAST_SAMPLES)
    console.log('  – too short for a comparison of descriptors, pipes, threads and memory');
  else if (!FIGURES.map((name) => isFlat(name, samples)).every(Boolean)) process.exitCode = 1;
}

function configOf(storeUrl: string): object {
  const { s3, ...sections } = FUZZED_CONFIG;
  const store = { bucket: 'my-bucket', endpoint: storeUrl, access_key: 'mizuchi', secret_key: 'mizuchi-secret', ...s3 };
  return { ...sections, buckets: [{ name: 'uploads', s3: store }], metrics: { port: 0 } };
}

function sampleOf(pid: number): Sample {
  return {
    descriptors: openDescriptors(pid),
    pipes: openPipes(pid),
    threads: threads(pid),
    resident: residentBytes(pid) / 1024 ** 2,
  };
}

/** Without the first fifth, in which everything is opened for the first time. */
function isFlat(name: keyof Sample, samples: readonly Sample[]): boolean {
  const values = samples.slice(Math.ceil(samples.length / 5)).map((sample) => sample[name]);
  const [first, second] = [values.slice(0, values.length >> 1), values.slice(values.length >> 1)];
  const grown = median(second) - median(first);
  const largest = Math.max(...values);
  const holds = grown <= TOLERANCE[name] && (name !== 'resident' || largest < MOST_RESIDENT);
  const shown = `median ${median(first).toFixed(0)}, then ${median(second).toFixed(0)}; largest ${largest.toFixed(0)}`;
  console.log(
    `  ${holds ? '✓' : '✗'} ${name}${name === 'resident' ? ', MiB' : ''}: ${shown} (${values.length} samples)`,
  );
  return holds;
}

const median = (list: readonly number[]): number => list.toSorted((a, b) => a - b)[list.length >> 1] ?? 0;
