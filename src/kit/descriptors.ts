/** File descriptors of this process (proc_pid_fd(5), proc_pid_limits(5)). Linux only: elsewhere there is nothing to read. */
import { readdirSync, readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';

const OPEN = '/proc/self/fd';
const LIMITS = '/proc/self/limits';

/** @throws Error ENOENT without procfs, EMFILE or ENFILE if there is none left to read with. */
export function openDescriptors(): number {
  return readdirSync(OPEN).length;
}

/** The same, without blocking. */
export async function countDescriptors(): Promise<number> {
  return (await readdir(OPEN)).length;
}

/** @param which the limit of now, or up to which a process may raise it: Node.js does so at its start. @returns undefined without procfs. */
export function descriptorLimit(which: 'soft' | 'hard'): number | undefined {
  try {
    const [, soft, hard] = /^Max open files\s+(\S+)\s+(\S+)/m.exec(readFileSync(LIMITS, 'latin1')) ?? [];
    const limit = which === 'soft' ? soft : hard;
    return limit === undefined ? undefined : limit === 'unlimited' ? Number.POSITIVE_INFINITY : Number(limit);
  } catch {
    return undefined;
  }
}
