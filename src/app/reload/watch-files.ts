/** Files whose change causes a reload. They are polled, not watched: this follows the replaced symbolic links of Kubernetes. */
import { stat } from 'node:fs/promises';

const CHECK_MILLIS = 1_000;
/** Milliseconds before a change is tried again that could not be used: other files may have been incomplete. */
const RETRY_MILLIS = 30_000;

/**
 * @param files at each check.
 * @param since milliseconds since the epoch: a file that changed later is new to the gateway.
 * @param changed is called when a file was replaced or written. @returns whether the change is in use.
 * @returns ends the checks.
 */
export function watchFiles(files: () => readonly string[], since: number, changed: () => Promise<boolean>): () => void {
  const marks = new Map<string, string>();
  let timer: NodeJS.Timeout | undefined;
  let retryAt = Number.POSITIVE_INFINITY;
  let closed = false;
  const check = async (): Promise<void> => {
    let hasChanged = performance.now() >= retryAt;
    for (const file of files()) {
      const found = await stat(file).catch(() => undefined);
      if (found === undefined) continue; // it is being replaced
      const mark = `${found.ino} ${found.mtimeMs} ${found.size}`;
      const before = marks.get(file);
      marks.set(file, mark);
      if (before === undefined ? found.ctimeMs > since : before !== mark) hasChanged = true;
    }
    if (closed) return;
    if (hasChanged) retryAt = (await changed()) ? Number.POSITIVE_INFINITY : performance.now() + RETRY_MILLIS;
    if (!closed) timer = setTimeout(() => void check(), CHECK_MILLIS).unref();
  };
  void check();
  return () => {
    closed = true;
    clearTimeout(timer);
  };
}
