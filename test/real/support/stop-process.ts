/** Makes a process stand still. A signal takes its time to reach every thread, and one that runs meanwhile may still answer. */
import { readdirSync, readFileSync } from 'node:fs';
import { eventually } from './eventually.ts';

/** Resolves when each of its threads stands (proc(5), "/proc/pid/stat": state T). Until SIGCONT. */
export async function stopProcess(pid: number): Promise<void> {
  process.kill(pid, 'SIGSTOP');
  const tasks = `/proc/${pid}/task`;
  const stands = (task: string): boolean => /\) T [^)]*$/.test(readFileSync(`${tasks}/${task}/stat`, 'utf8'));
  await eventually('the process stands still', async () => readdirSync(tasks).every(stands) || undefined);
}
