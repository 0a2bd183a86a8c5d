/** One contestant that is the whole program: `serve` and its workers, as children of this process, which reads procfs for them. */
import { readFileSync } from 'node:fs';
import { type GatewayProcess, startGatewayProcess } from '../../test/support/gateway-process.ts';
import { openDescriptors, residentBytes } from '../../test/support/process-figures.ts';
import type { Cpu, StartedGateway } from './gateway-process.ts';
import { respondToBucketRequests } from './helper-process.ts';
import { cpuOf } from './process-cpu.ts';

export interface StartProgram {
  /** As in a configuration file. */
  readonly config: object;
}

/** Of one process. */
export interface Resources {
  /** CPU so far, in microseconds. */
  readonly cpu: number;
  /** Bytes in memory; pages that processes share count for each of them. */
  readonly resident: number;
  /** The part of it that no other process shares: without the pages of files, such as the executable. */
  readonly anonymous: number;
  readonly descriptors: number;
}

let gateway: GatewayProcess | undefined;

async function start({ config }: StartProgram): Promise<StartedGateway> {
  gateway = await startGatewayProcess(config);
  return { port: portOf(gateway.url), metricsPort: portOf(gateway.metricsUrl) };
}

function portOf(url: string): number {
  return Number(new URL(url).port);
}

/** The process that was started, and then its workers (proc(5), /proc/pid/task/tid/children). */
function pids(): number[] {
  const pid = gateway!.process.pid!;
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ').filter(Boolean);
  return [pid, ...children.map(Number)];
}

/** Of all processes. */
function cpu(): Cpu {
  const all = pids().reduce((sum, pid) => sum + cpuOf(pid), 0);
  return { all, main: all };
}

function resources(): Resources[] {
  return pids().map((pid) => ({
    cpu: cpuOf(pid),
    resident: residentBytes(pid),
    anonymous: anonymousBytes(pid),
    descriptors: openDescriptors(pid),
  }));
}

function anonymousBytes(pid: number): number {
  return Number(/^RssAnon:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))![1]) * 1024;
}

async function close(): Promise<void> {
  await gateway?.stop();
}

respondToBucketRequests({ start, cpu, resources, close });
process.once('disconnect', () => process.exit());
