/** Files whose change causes a reload. They are polled, not watched: this follows the replaced symbolic links of Kubernetes. */
import { stat } from 'node:fs/promises';

const CHECK_MILLIS = 1_000;

/** @param files at each check. @param changed is called when a file was replaced or written. @returns ends the checks. */
export function watchFiles(files: () => readonly string[], changed: () => void): () => void {
  const marks = new Map<string, string>();
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  const check = async (): Promise<void> => {
    let hasChanged = false;
    for (const file of files()) {
      const mark = await markOf(file);
      if (mark === undefined) continue; // it is being replaced
      const before = marks.get(file);
      marks.set(file, mark);
      if (before !== undefined && before !== mark) hasChanged = true;
    }
    if (closed) return;
    if (hasChanged) changed();
    timer = setTimeout(() => void check(), CHECK_MILLIS).unref();
  };
  void check();
  return () => {
    closed = true;
    clearTimeout(timer);
  };
}

async function markOf(file: string): Promise<string | undefined> {
  try {
    const { ino, mtimeMs, size } = await stat(file);
    return `${ino} ${mtimeMs} ${size}`;
  } catch {
    return undefined;
  }
}
