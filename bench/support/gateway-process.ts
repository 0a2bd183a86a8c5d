/** One contestant: the gateway of this checkout in a process of its own, which tells what CPU it has used. */
import { type App, startApp } from '../../src/app.ts';
import type { Config } from '../../src/config/config.ts';
import { answerQuestions } from './helper-process.ts';

export interface StartGateway {
  readonly config: Config;
  /** Whether the official SDK traces instead of ours. */
  readonly stock: boolean;
}

let app: App | undefined;
let shutdownStock: (() => Promise<void>) | undefined;

async function start({ config, stock }: StartGateway): Promise<number> {
  if (!stock) {
    app = await startApp(config);
    return app.port;
  }
  const { startStockTracing } = await import('./stock-tracer.ts');
  const { tracer, shutdown } = startStockTracing(config.tracing);
  shutdownStock = shutdown;
  app = await startApp(config, { tracer });
  return app.port;
}

/** CPU of all threads of this process so far, in microseconds. */
function cpu(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

async function close(): Promise<void> {
  await app?.close();
  await shutdownStock?.();
}

answerQuestions({ start, cpu, close });
