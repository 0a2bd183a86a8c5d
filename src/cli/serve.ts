/** `serve`: runs the gateway until SIGTERM or SIGINT, then drains it. */
import { dirname, resolve } from 'node:path';
import type { ConfigSource } from '../app/reload/open-reloads.ts';
import type { App } from '../app.ts';
import { ConfigError } from '../config/config-error.ts';
import { type LoadedConfig, loadConfigWithSources } from '../config/load-config.ts';
import { activatedSocket } from '../kit/activated-socket.ts';
import { Signals } from '../kit/signals.ts';
import { startErrorText } from './listen-error.ts';

const ADDRESSES = 'server.address or admin.port';

export interface ServeOptions {
  /** Whether a change of the configuration file causes a reload. */
  readonly watch?: boolean | undefined;
  /** Instead of `server.workers`. */
  readonly workers?: number | 'auto' | undefined;
}

/** @returns the exit code: 0 after an orderly shutdown, 1 if it could not start. */
export async function serve(file: string, env: NodeJS.ProcessEnv, options: ServeOptions = {}): Promise<number> {
  const signals = new Signals();
  const loadedAt = Date.now();
  try {
    const loaded = await loadConfigWithSources(file, env);
    const { config, ...rest } = loaded;
    const source = { ...rest, file, loadedAt, watch: options.watch ?? false };
    const setting = options.workers ?? config.server.workers;
    const gateway = { loaded, source, env, signals };
    return await (setting === 1 ? serveAlone(gateway) : serveWithWorkers(gateway, setting));
  } catch (error) {
    const text = error instanceof ConfigError ? error.message : `error: ${startErrorText(error, ADDRESSES)}`;
    process.stderr.write(`${text}\n`);
    return 1;
  }
}

interface Gateway {
  readonly loaded: LoadedConfig;
  readonly source: ConfigSource;
  readonly env: NodeJS.ProcessEnv;
  readonly signals: Signals;
}

async function serveAlone({ loaded, source, env, signals }: Gateway): Promise<number> {
  const { startApp } = await import('../app.ts');
  const directory = dirname(resolve(source.file));
  const uploadSocket = activatedSocket(env, process.pid);
  const { config, warnings } = loaded;
  const app: App = await startApp(config, { directory, env, warnings, source, uploadSocket });
  signals.onReload(() => void app.reload());
  await signals.end;
  await app.close();
  return 0;
}

/** Their code is loaded only where there are several. */
async function serveWithWorkers(gateway: Gateway, setting: number | 'auto'): Promise<number> {
  const { workersOf } = await import('../kit/worker-count.ts');
  const count = workersOf(setting);
  if (count === 1) return serveAlone(gateway);
  const { runPrimary } = await import('../workers/primary.ts');
  const { loaded, source, env, signals } = gateway;
  return runPrimary(loaded, source, count, env, signals);
}
