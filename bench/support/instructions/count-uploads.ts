/** Counts the uploads of one gateway, between helpers that run outside callgrind. */
import type { AuthzConfig } from '../../../src/config/authz.ts';
import type { Config } from '../../../src/config/config.ts';
import type { Listening } from '../collector-process.ts';
import { HelperProcess } from '../helper-process.ts';
import type { Requests, Turn } from '../load-process.ts';
import { headOf, KEYS, plainRequest } from '../requests.ts';
import { ACCESS_KEY, sign } from '../signed-requests.ts';
import { median } from '../statistics.ts';
import { configOf, type Ports, type TracingContestant } from '../tracing-contestants.ts';
import { attributeCost, type Costs, sumByPurpose } from './attribute-cost.ts';
import type { Profile } from './callgrind-profile.ts';
import { CountedGateway } from './counted-gateway.ts';
import { PURPOSES } from './purposes.ts';

export interface CountedContestant extends TracingContestant {
  /** The same as the one before, for the noise. */
  readonly isAgain?: boolean;
}

const untraced = { tracer: 'none', protocol: 'grpc', against: [] } as const;

export const GATEWAYS: readonly CountedContestant[] = [
  { ...untraced, name: 'untraced' },
  { ...untraced, name: 'again', isAgain: true },
  { name: 'http/protobuf', tracer: 'ours', protocol: 'http/protobuf', against: [] },
  { name: 'grpc', tracer: 'ours', protocol: 'grpc', against: [] },
];

/** Numbers of uploads. */
export interface Plan {
  readonly warmUp: number;
  /** After the warm-up: callgrind sees calls only from when it counts. */
  readonly settle: number;
  /** In each period. Spans of 341 uploads are a full batch. */
  readonly counted: number;
}

/** A purpose costs the median of the periods: compilation and collections disturb some of them. */
const PERIODS = 3;

export const FULL: Plan = { warmUp: 5_000, settle: 100, counted: 341 };
export const SMOKE: Plan = { warmUp: 100, settle: 10, counted: 50 };

/** Instructions of one upload. */
export interface Count {
  readonly name: string;
  readonly serving: Costs;
  /** The thread that sends spans; undefined without tracing. */
  readonly exporter: Costs | undefined;
  /** All other threads: those of V8 and libuv. */
  readonly others: Costs;
  /** Of the serving thread in the last period, by the name of the function. */
  readonly functions: ReadonlyMap<string, number>;
}

export interface Helpers {
  readonly ports: Ports;
  readonly load: HelperProcess;
  close(): Promise<void>;
}

export async function openHelpers(): Promise<Helpers> {
  const [store, engine, collector, load] = ['store', 'engine', 'collector', 'load'].map(
    (name) => new HelperProcess(`./${name}-process.ts`),
  ) as [HelperProcess, HelperProcess, HelperProcess, HelperProcess];
  const ports = {
    store: await store.ask<number>('listen'),
    engine: await engine.ask<number>('listen'),
    collector: await collector.ask<Listening>('listen'),
  };
  const close = async (): Promise<void> => {
    await Promise.all([store, engine, collector, load].map((helper) => helper.end()));
  };
  return { ports, load, close };
}

const SIZE = 1024;
const CONNECTIONS = 8;

export async function countUploads(contestant: CountedContestant, helpers: Helpers, plan: Plan): Promise<Count> {
  const gateway = await CountedGateway.open(slowConfig(contestant, helpers.ports));
  try {
    const { port } = gateway;
    const requests = await Promise.all(Array.from({ length: KEYS }, (_, i) => sign(plainRequest(i, SIZE), ACCESS_KEY)));
    await helpers.load.ask('send', { port, heads: requests.map(headOf), size: SIZE } satisfies Requests);
    const upload = (uploads: number): Promise<number> => {
      const turn: Turn = { port, size: SIZE, connections: CONNECTIONS, millis: 3_600_000, requests: uploads };
      return helpers.load.ask('run', turn);
    };
    await upload(plan.warmUp);
    await gateway.startCounting();
    await upload(plan.settle);
    await gateway.nextPeriod();
    for (let period = 0; period < PERIODS; period++) {
      await upload(plan.counted);
      await gateway.nextPeriod();
    }
    const [, ...periods] = await gateway.profiles();
    return medianOf(periods.map((profiles) => countOf(contestant.name, profiles, plan.counted)));
  } finally {
    await gateway.close();
  }
}

/** The gateway of the other benchmarks, with time for OPA, with batches that leave when they are full, and with a log line per upload. */
function slowConfig(contestant: TracingContestant, ports: Ports): Config {
  const config = configOf(contestant, ports);
  const batch = { ...config.tracing.batch, scheduled_delay_millis: 60_000 };
  const otlp = { ...config.tracing.otlp, timeout_seconds: 60 };
  return {
    ...config,
    buckets: config.buckets.map((bucket) => ({ ...bucket, authz: withTime(bucket.authz) })),
    tracing: { ...config.tracing, batch, otlp },
    logging: { ...config.logging, level: 'info' },
  };
}

function withTime(authz: AuthzConfig): AuthzConfig {
  if (!authz.enabled || authz.opa === undefined) return authz;
  return { ...authz, opa: { ...authz.opa, timeout_seconds: 60 } };
}

function countOf(name: string, profiles: readonly Profile[], uploads: number): Count {
  const costs = profiles.map((profile) => perUpload(attributeCost(profile), uploads));
  const serving = profiles.findIndex(({ thread }) => thread === 1);
  const exporter = profiles.findIndex((profile, i) => i !== serving && isExporter(profile));
  const sums = costs.map(sumByPurpose);
  const others = costs.filter((_, i) => i !== serving && i !== exporter).flatMap((one) => [...one]);
  return {
    name,
    serving: sums[serving]!,
    exporter: sums[exporter],
    others: sumByPurpose(others),
    functions: costs[serving]!,
  };
}

function medianOf(counts: readonly Count[]): Count {
  const last = counts.at(-1)!;
  const exporters = counts.flatMap(({ exporter }) => exporter ?? []);
  return {
    ...last,
    serving: medianCosts(counts.map(({ serving }) => serving)),
    exporter: exporters.length === 0 ? undefined : medianCosts(exporters),
    others: medianCosts(counts.map(({ others }) => others)),
  };
}

function medianCosts(costs: readonly Costs[]): Costs {
  const medians = PURPOSES.map((purpose) => [purpose, median(costs.map((one) => one[purpose]))]);
  return Object.fromEntries(medians) as Costs;
}

function perUpload(costs: ReadonlyMap<string, number>, uploads: number): Map<string, number> {
  return new Map([...costs].map(([name, cost]) => [name, cost / uploads]));
}

function isExporter({ functions }: Profile): boolean {
  return [...functions.keys()].some((name) => name.includes('/src/export/thread/'));
}
