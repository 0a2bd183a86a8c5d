/** The entry point of a pump thread. */
import { receiveMessageOnPort, workerData } from 'node:worker_threads';
import { Libc } from '../kernel/libc.ts';
import { PumpLoop } from './loop.ts';
import type { Command, ThreadData } from './messages.ts';
import { OwnedDescriptors } from './owned-descriptors.ts';

const { port, shared, wake, owned, clockOffset } = workerData as ThreadData;

/** All threads share the monotonic clock of the process, but each `performance.now()` begins at its own start. */
const offset = Number(process.hrtime.bigint()) / 1e6 - performance.now() - clockOffset;

/** Commands that came as events, while the loop waited for a module. */
const inbox: Command[] = [];

const loop = new PumpLoop({
  libc: Libc.open(),
  shared: new Float64Array(shared),
  wake,
  owned: new OwnedDescriptors(owned),
  now: () => performance.now() + offset,
  receive: () => inbox.shift() ?? (receiveMessageOnPort(port)?.message as Command | undefined),
  report: (report) => port.postMessage(report),
});

let isRunning = false;
port.on('message', (command: Command) => {
  inbox.push(command);
  if (!isRunning) void run();
});
port.postMessage('started');

async function run(): Promise<void> {
  isRunning = true;
  await loop.run();
  isRunning = false;
  if (!loop.isStopped) return;
  port.close();
  loop.close();
}
