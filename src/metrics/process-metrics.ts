/**
 * What Prometheus clients and OpenTelemetry expect of every process: CPU, memory, file descriptors, the event loop, and the version.
 * All of it is read when metrics are collected. Only the delay of the event loop is sampled, by Node, outside of JavaScript.
 */
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { descriptorLimit, openDescriptors } from '../kit/descriptors.ts';
import type { Registry } from './registry.ts';

/** Between two samples of the delay. Each wakes the event loop once. */
const RESOLUTION_MILLIS = 20;
const DELAYS = { p50: 50, p99: 99, max: 100 } as const;

/** @returns stops the sampling. */
export function watchProcess(registry: Registry, version: string): () => void {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MILLIS });
  delay.enable();
  registry.set('mizuchi_build_info', [version, process.versions.node], 1);
  registry.set('process_start_time_seconds', [], performance.timeOrigin / 1000);
  registry.onCollect(() => {
    setUsage(registry);
    setFileDescriptors(registry);
    const { active, idle } = performance.eventLoopUtilization();
    registry.set('nodejs_eventloop_time_seconds', ['active'], active / 1000);
    registry.set('nodejs_eventloop_time_seconds', ['idle'], idle / 1000);
  });
  registry.onRound(() => {
    for (const [which, percentile] of Object.entries(DELAYS))
      registry.set('nodejs_eventloop_delay_seconds', [which], lateness(delay.percentile(percentile)));
    delay.reset();
  });
  return () => void delay.disable();
}

/** Seconds. Node measures the time from one sample to the next, in nanoseconds. */
const lateness = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e9 - RESOLUTION_MILLIS / 1000);

function setUsage(registry: Registry): void {
  const { user, system } = process.cpuUsage();
  registry.set('process_cpu_seconds', [], (user + system) / 1e6);
  const { rss, heapUsed, heapTotal, external } = process.memoryUsage();
  registry.set('process_resident_memory_bytes', [], rss);
  registry.set('nodejs_heap_used_bytes', [], heapUsed);
  registry.set('nodejs_heap_total_bytes', [], heapTotal);
  registry.set('nodejs_external_memory_bytes', [], external);
}

/** Linux only: elsewhere these series are absent. */
function setFileDescriptors(registry: Registry): void {
  try {
    registry.set('process_open_fds', [], openDescriptors());
  } catch {
    // There is no procfs, or the process is out of descriptors.
  }
  const limit = descriptorLimit('soft');
  if (limit !== undefined) registry.set('process_max_fds', [], limit);
}
