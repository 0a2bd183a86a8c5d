/** A pump thread that dies when a flag in shared memory is set: its next look at the clock ends it. */
import { getEnvironmentData } from 'node:worker_threads';

const flag = new Int32Array(getEnvironmentData('pump threads die') as SharedArrayBuffer);
const now = performance.now.bind(performance);
performance.now = () => {
  if (Atomics.load(flag, 0) > 0) process.exit(1); // of the thread, and no code can catch it
  return now();
};
await import('../../src/pump/thread.ts');
