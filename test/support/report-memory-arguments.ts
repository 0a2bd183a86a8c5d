/** Arguments of Node for a process that reports its memory: see report-memory.ts. */
import { fileURLToPath } from 'node:url';

export const REPORT_MEMORY: readonly string[] = [
  '--expose-gc',
  // Otherwise V8 frees the buffers that a collection left behind beside the program, and counts them until the next one.
  '--no-concurrent-array-buffer-sweeping',
  '--import',
  fileURLToPath(new URL('./report-memory.ts', import.meta.url)),
];
