/** CPU of other processes, as Linux counts it for each thread. */
import { readdirSync, readFileSync } from 'node:fs';

/** Microseconds. Nanoseconds on the CPU come first in the file of a thread (Linux, Documentation/scheduler/sched-stats.rst). */
export function cpuOf(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  const nanos = threads.map((thread) =>
    Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1').split(' ')[0]),
  );
  return nanos.reduce((sum, one) => sum + one, 0) / 1000;
}
