/**
 * Loaded into a gateway with `--import`. On the first SIGUSR2 it collects the young generation three times, so that whatever lives at that
 * moment counts as old from then on, and says so; on the second it says how many bytes each young collection since then
 * has moved among the old objects, of the main thread.
 */
import { GCProfiler, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc');
setFlagsFromString('--no-expose-gc');

const profiler = new GCProfiler();
process.once('SIGUSR2', () => {
  for (let i = 0; i < 3; i++) gc({ type: 'minor' });
  profiler.start();
  process.once('SIGUSR2', () =>
    say({ msg: 'watched', promoted: profiler.stop().statistics.filter(isYoung).map(promoted) }),
  );
  say({ msg: 'collected' });
});

function isYoung({ gcType }) {
  return gcType === 'Scavenge' || gcType === 'MinorMarkSweep';
}

/** By what all spaces but the young ones have grown, in bytes. */
function promoted({ beforeGC, afterGC }) {
  return oldBytes(afterGC) - oldBytes(beforeGC);
}

function oldBytes({ heapSpaceStatistics }) {
  return heapSpaceStatistics
    .filter(({ spaceName }) => !spaceName.startsWith('new_'))
    .reduce((sum, { spaceUsedSize }) => sum + spaceUsedSize, 0);
}

function say(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
