/** `serve`: runs the gateway until SIGTERM or SIGINT, then drains it. */
import { once } from 'node:events';
import { dirname, resolve } from 'node:path';
import type { ConfigSource } from '../app/reload/open-reloads.ts';
import type { App } from '../app.ts';
import { ConfigError } from '../config/config-error.ts';
import { type LoadedConfig, loadConfigWithSources } from '../config/load-config.ts';
import { activatedSocket } from '../kit/activated-socket.ts';
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
  try {
    const loaded = await loadConfigWithSources(file, env);
    const { sha256, secretFiles, config } = loaded;
    const source = { file, sha256, secretFiles, watch: options.watch ?? false };
    const setting = options.workers ?? config.server.workers;
    return await (setting === 1 ? serveAlone(loaded, source, env) : serveWithWorkers(loaded, source, setting, env));
  } catch (error) {
    const text = error instanceof ConfigError ? error.message : `error: ${startErrorText(error, ADDRESSES)}`;
    process.stderr.write(`${text}\n`);
    return 1;
  }
}

async function serveAlone(loaded: LoadedConfig, source: ConfigSource, env: NodeJS.ProcessEnv): Promise<number> {
  const { startApp } = await import('../app.ts');
  const directory = dirname(resolve(source.file));
  const uploadSocket = activatedSocket(env, process.pid);
  const { config, warnings } = loaded;
  const app: App = await startApp(config, { directory, env, warnings, source, uploadSocket });
  process.on('SIGHUP', () => void app.reload());
  await Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')]);
  // A second signal ends the process without waiting.
  process.once('SIGTERM', () => process.exit(1)).once('SIGINT', () => process.exit(1));
  await app.close();
  return 0;
}

/** Their code is loaded only where there are several. */
async function serveWithWorkers(
  loaded: LoadedConfig,
  source: ConfigSource,
  setting: number | 'auto',
  env: NodeJS.ProcessEnv,
): Promise<number> {
  const { workersOf } = await import('../kit/worker-count.ts');
  const count = workersOf(setting);
  if (count === 1) return serveAlone(loaded, source, env);
  const { runPrimary } = await import('../workers/primary.ts');
  return runPrimary(loaded, source, count, env);
}
