/** Writes to a standard stream from the exporter thread, which may wait a little where nothing else may. */
import { writeSync } from 'node:fs';

const RETRY_MILLIS = 5;
/** How long a reader may stand still. */
const PATIENCE_MILLIS = 1_000;

/** @throws Error if the reader has gone, or takes nothing any more; some of the text may have been written. */
export function writeWhole(fd: number, text: string): void {
  const bytes = Buffer.from(text);
  const patience = new Int32Array(new SharedArrayBuffer(4));
  const end = performance.now() + PATIENCE_MILLIS;
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(fd, bytes, at);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN' || performance.now() > end) throw error;
      Atomics.wait(patience, 0, 0, RETRY_MILLIS);
    }
  }
}
