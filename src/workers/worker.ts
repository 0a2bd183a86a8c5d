/**
 * A worker: one process that serves uploads on the port that all workers share. Only the primary decides on its end: signals that reach
 * the whole group, such as that of Ctrl-C, are ignored here. A worker without a primary finishes its uploads, and ends.
 */
import cluster from 'node:cluster';
import { once } from 'node:events';
import { type OpenApp, openApp } from '../app/open-app.ts';
import type { Candidate } from '../app/reload/generations.ts';
import { changeLevel } from '../app/reload/log-level.ts';
import type { Config } from '../config/config.ts';
import { plainFamilies } from '../metrics/merged-metrics.ts';
import type { FromWorker, Request, RequestName, Requests, ToWorker, WorkerStart } from './messages.ts';

// Otherwise node:cluster ends the process, with all its uploads, as soon as the primary has ended.
cluster.worker!.exitedAfterDisconnect = true;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2'] as const) process.on(signal, () => {});

const send = (message: FromWorker): Promise<void> =>
  new Promise((resolve) => {
    if (!process.connected) resolve();
    else process.send!(message, undefined, undefined, () => resolve());
  });

type Responders = { readonly [N in RequestName]: (value: Requests[N]['request']) => Promise<Requests[N]['response']> };

/** @param early the messages so far; messages that arrive until it resolves are added. @returns takes the messages from then on. */
export async function run(early: ToWorker[]): Promise<(message: ToWorker) => void> {
  const app = await open(await startOf(early));
  const responders = respondersOf(app);
  const closing = Promise.withResolvers<void>();
  let isEnding = false;
  const end = (retired: boolean): void => {
    if (!retired) closing.resolve();
    if (!isEnding) void endApp(app, retired ? Promise.race([app.listener.retire(), closing.promise]) : closing.promise);
    isEnding = true;
  };
  const take = (message: ToWorker): void => {
    if (message.type === 'request') void respond(responders, message);
    else if (message.type !== 'start') end(message.type === 'retire');
  };
  process.on('disconnect', () => end(false));
  const { host, port } = app.listener;
  await send({ type: 'listening', host, port });
  for (const message of early.splice(0)) take(message);
  if (!process.connected) end(false);
  return take;
}

async function startOf(early: readonly ToWorker[]): Promise<WorkerStart> {
  for (;;) {
    const start = early.find((message) => message.type === 'start');
    if (start !== undefined) return start;
    await once(process, 'message');
  }
}

async function open({ config, directory, uploadSocket }: WorkerStart): Promise<OpenApp> {
  try {
    return await openApp(config, { directory, env: process.env, isWorker: true, uploadSocket });
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException;
    await send({ type: 'failed', message, code });
    process.exit(1);
  }
}

/** @param left resolves when the connections need no more time than a shutdown gives them. */
async function endApp({ lifetime, world }: OpenApp, left: Promise<void>): Promise<void> {
  await left;
  await lifetime.close();
  await send({ type: 'last', metrics: plainFamilies(world.registry) });
  process.exit(0);
}

async function respond(responders: Responders, { id, name, value }: Request): Promise<void> {
  try {
    await send({ type: 'response', id, value: await responders[name](value as never) });
  } catch (error) {
    await send({ type: 'problem', id, message: (error as Error).message });
  }
}

function respondersOf({ world, readiness, generations, log }: OpenApp): Responders {
  let candidate: Candidate | undefined;
  const taken = (): Candidate | undefined => {
    const one = candidate;
    candidate = undefined;
    return one;
  };
  return {
    metrics: async (read) => plainFamilies({ collect: () => world.registry[read]() }),
    ready: async () => readiness.ready(),
    async view(request) {
      const { respondToView } = await import('../view/remote-process.ts');
      return respondToView(world.observed!.view, request);
    },
    async prepare(config: Config) {
      await taken()?.discard(); // of a reload that the primary no longer waits for
      candidate = await generations.prepare(config);
      return candidate.changes;
    },
    async use() {
      const one = taken();
      if (one === undefined) throw new Error('there is no prepared configuration');
      const { level: from } = generations.current.config.logging;
      one.use();
      changeLevel(log, from, one.config.logging.level);
    },
    discard: async () => void (await taken()?.discard()) as undefined,
  };
}
