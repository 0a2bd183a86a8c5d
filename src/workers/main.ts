/** The program of a worker. The flags of V8 come before everything else. */
import '../kit/heap-flags.ts';
import type { ToWorker } from './messages.ts';

/** Messages that arrive before the worker can take them: node:cluster does not keep them. */
const early: ToWorker[] = [];
let take = (message: ToWorker): void => void early.push(message);
process.on('message', (message: ToWorker) => take(message));

const { run } = await import('./worker.ts');
take = await run(early);
