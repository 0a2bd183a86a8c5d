/**
 * A worker: one process that serves uploads on the port that all workers share. Only the primary decides on its end: signals that reach
 * the whole group, such as that of Ctrl-C, are ignored here. A worker without a primary finishes its uploads, and ends.
 */
import cluster from 'node:cluster';
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

async function run(start: WorkerStart): Promise<void> {
  let app: OpenApp;
  try {
    const { config, directory, uploadSocket } = start;
    app = await openApp(config, { directory, env: process.env, isWorker: true, uploadSocket });
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException;
    await send({ type: 'failed', message, code });
    process.exit(1);
  }
  const responders = respondersOf(app);
  const closing = Promise.withResolvers<void>();
  let isEnding = false;
  const end = (retired: boolean): void => {
    if (!retired) closing.resolve();
    if (!isEnding) void endApp(app, retired ? Promise.race([app.listener.retire(), closing.promise]) : closing.promise);
    isEnding = true;
  };
  process.on('message', (message: ToWorker) => {
    if (message.type === 'request') void respond(responders, message);
    else if (message.type !== 'start') end(message.type === 'retire');
  });
  process.on('disconnect', () => end(false));
  const { host, port } = app.listener;
  await send({ type: 'listening', host, port });
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
  const take = (): Candidate => {
    const taken = candidate;
    candidate = undefined;
    if (taken === undefined) throw new Error('there is no prepared configuration');
    return taken;
  };
  return {
    metrics: async () => plainFamilies(world.registry),
    ready: async () => readiness.ready(),
    async prepare(config: Config) {
      candidate = await generations.prepare(config);
      return candidate.changes;
    },
    async use() {
      const { config, use } = take();
      const { level: from } = generations.current.config.logging;
      use();
      changeLevel(log, from, config.logging.level);
    },
    discard: () => take().discard() as Promise<undefined>,
  };
}

process.once('message', (message: ToWorker) => {
  if (message.type === 'start') void run(message);
});
