/** How many workers `auto` is: the CPUs that the process may use, by its affinity and by the quota of its cgroup (cgroups(7)). */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

export function workersOf(setting: number | 'auto'): number {
  return setting === 'auto' ? Math.max(1, Math.min(availableParallelism(), quota())) : setting;
}

/** Rounded up: half a CPU is used by one worker. */
function quota(): number {
  const [, group = ''] = /^0::(.*)$/m.exec(contentOf('/proc/self/cgroup')) ?? [];
  for (const file of [`/sys/fs/cgroup${group}/cpu.max`, '/sys/fs/cgroup/cpu.max']) {
    const [, most, period] = /^(\d+) (\d+)/.exec(contentOf(file)) ?? [];
    if (most !== undefined) return Math.ceil(Number(most) / Number(period));
  }
  const most = Number(contentOf('/sys/fs/cgroup/cpu/cpu.cfs_quota_us'));
  const period = Number(contentOf('/sys/fs/cgroup/cpu/cpu.cfs_period_us'));
  return most > 0 && period > 0 ? Math.ceil(most / period) : Number.POSITIVE_INFINITY;
}

function contentOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
