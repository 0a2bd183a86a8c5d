/** Writes to a standard stream from the exporter thread, which may block for a moment. */
import { writeSync } from 'node:fs';

const RETRY_MILLIS = 5;
/** How long a reader may stall. */
const TIMEOUT_MILLIS = 1_000;

/** @throws Error if the reader has closed, or stalls; some of the text may have been written. */
export function writeWhole(fd: number, text: string): void {
  const bytes = Buffer.from(text);
  const sleep = new Int32Array(new SharedArrayBuffer(4));
  const end = performance.now() + TIMEOUT_MILLIS;
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(fd, bytes, at);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN' || performance.now() > end) throw error;
      Atomics.wait(sleep, 0, 0, RETRY_MILLIS);
    }
  }
}
