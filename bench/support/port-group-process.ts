/** The primary of the benchmark of port sharing: workers that accept the connections of one port in one of three ways. */
import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { freePorts } from '../../test/real/support/free-ports.ts';
import { respondToBucketRequests } from './helper-process.ts';
import type { BlockThenClose } from './port-worker.ts';
import { cpuOf } from './process-cpu.ts';

export const WAYS = ['round robin', 'shared descriptor', 'SO_REUSEPORT'] as const;
export type Way = (typeof WAYS)[number];

export interface OpenGroup {
  readonly way: Way;
  readonly workers: number;
}

export interface CloseWorkers extends BlockThenClose {
  readonly workers: number;
}

let workers: readonly Worker[] = [];

/** @returns the port, on which all workers listen. */
async function open({ way, workers: count }: OpenGroup): Promise<number> {
  const [port] = (await freePorts(1)) as [number];
  cluster.schedulingPolicy = way === 'shared descriptor' ? cluster.SCHED_NONE : cluster.SCHED_RR;
  cluster.setupPrimary({ exec: fileURLToPath(new URL('./port-worker.ts', import.meta.url)), args: [] });
  const env = { PORT: String(port), REUSE_PORT: String(way === 'SO_REUSEPORT') };
  workers = Array.from({ length: count }, () => cluster.fork(env));
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  return port;
}

/** Microseconds so far, of the primary and its workers. */
function cpu(): number {
  const pids = [process.pid, ...workers.map((worker) => worker.process.pid!)];
  return pids.reduce((sum, pid) => sum + cpuOf(pid), 0);
}

function closeWorkers({ workers: count, millis }: CloseWorkers): void {
  for (const worker of workers.slice(0, count)) worker.send({ millis } satisfies BlockThenClose);
}

function close(): void {
  for (const worker of workers) worker.process.kill('SIGKILL');
}

if (cluster.isPrimary) respondToBucketRequests({ open, cpu, closeWorkers, close });
process.once('disconnect', () => process.exit());
