/**
 * Which CPU a process runs on. Where neighbours share the machine one CPU can be half as fast as the next, and a process
 * stays where it is for minutes; so all contestants are bound to the same one and all else to the others. Linux only, by
 * taskset of util-linux; elsewhere the operating system chooses, and more heats have to make up for it.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface Places {
  /** For every contestant, as taskset takes it: `0`. */
  readonly contestants: string;
  /** For all else: `1-3`. */
  readonly others: string;
}

/** Undefined where processes cannot be bound, or have only one CPU. */
export function findPlaces(): Places | undefined {
  try {
    const [first, ...others] = expand(
      /^Cpus_allowed_list:\s*(.+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))![1]!,
    );
    execFileSync('taskset', ['--version'], { stdio: 'ignore' });
    return others.length === 0 ? undefined : { contestants: String(first), others: others.join(',') };
  } catch {
    return undefined;
  }
}

/** Binds all threads that the process has, and so all that they will start. */
export function bind(pid: number, cpus: string): void {
  execFileSync('taskset', ['-acp', cpus, String(pid)], { stdio: 'ignore' });
}

/** `0-2,5` as 0, 1, 2, 5. */
function expand(list: string): number[] {
  return list.split(',').flatMap((range) => {
    const [from, to = from] = range.split('-').map(Number) as [number, number?];
    return Array.from({ length: to! - from + 1 }, (_, i) => from + i);
  });
}
