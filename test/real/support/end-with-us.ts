/** Child processes that must not outlive a test process, however it ends. */
import type { ChildProcess } from 'node:child_process';

const children = new Set<ChildProcess>();
let watching = false;

/** Kills this child when this process ends, by its own will or by a signal. */
export function endWithUs(child: ChildProcess): void {
  children.add(child);
  child.once('exit', () => children.delete(child));
  if (watching) return;
  watching = true;
  process.once('exit', killAll);
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));
}

function killAll(): void {
  for (const child of children) child.kill('SIGKILL');
}
