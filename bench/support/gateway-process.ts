/** One contestant: the gateway of this checkout in a process of its own, which tells what CPU it has used. */
import '../../src/kit/heap-flags.ts';
import { PerformanceObserver } from 'node:perf_hooks';
import { type App, startApp } from '../../src/app.ts';
import type { Config } from '../../src/config/config.ts';
import { respondToBucketRequests } from './helper-process.ts';

export interface StartGateway {
  readonly config: Config;
  /** Whether the official SDK traces instead of ours. */
  readonly stock: boolean;
}

export interface StartedGateway {
  readonly port: number;
  readonly metricsPort: number | undefined;
}

let app: App | undefined;
let shutdownStock: (() => Promise<void>) | undefined;

async function start({ config, stock }: StartGateway): Promise<StartedGateway> {
  app = stock ? await startWithStock(config) : await startApp(config);
  return { port: app.port, metricsPort: app.metricsPort };
}

async function startWithStock(config: Config): Promise<App> {
  const { startStockTracing } = await import('./stock-tracer.ts');
  const { tracer, shutdown } = startStockTracing(config.tracing);
  shutdownStock = shutdown;
  return startApp(config, { tracer });
}

/** CPU so far, in microseconds. */
export interface Cpu {
  /** Of all threads of the process. */
  readonly all: number;
  /** Of the thread that serves requests. */
  readonly main: number;
}

function cpu(): Cpu {
  const all = process.cpuUsage();
  const main = process.threadCpuUsage();
  return { all: all.user + all.system, main: main.user + main.system };
}

let collected = 0;
const collector = new PerformanceObserver((list) => {
  collected += list.getEntries().length;
});

/** Garbage collections since this was first called. */
function collections(): number {
  collected += collector.takeRecords().length;
  collector.observe({ entryTypes: ['gc'] });
  return collected;
}

/** Bytes in memory. */
function memory(): number {
  return process.memoryUsage.rss();
}

async function close(): Promise<void> {
  await app?.close();
  await shutdownStock?.();
}

respondToBucketRequests({ start, cpu, collections, memory, close });
process.once('disconnect', () => process.exit()); // closed by then, or its parent is gone
