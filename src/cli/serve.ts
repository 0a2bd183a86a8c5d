/** `serve`: runs the gateway until SIGTERM or SIGINT, then drains it. */
import { once } from 'node:events';
import { dirname, resolve } from 'node:path';
import { type App, startApp } from '../app.ts';
import { ConfigError } from '../config/config-error.ts';
import { loadConfigWithSources } from '../config/load-config.ts';
import { activatedSocket } from '../kit/activated-socket.ts';
import { startErrorText } from './listen-error.ts';

const ADDRESSES = 'server.address or admin.port';

export interface ServeOptions {
  /** Whether a change of the configuration file causes a reload. */
  readonly watch?: boolean | undefined;
}

/** @returns the exit code: 0 after an orderly shutdown, 1 if it could not start. */
export async function serve(
  file: string,
  env: NodeJS.ProcessEnv,
  { watch = false }: ServeOptions = {},
): Promise<number> {
  let app: App;
  try {
    const { config, warnings, sha256, secretFiles } = await loadConfigWithSources(file, env);
    const source = { file, sha256, secretFiles, watch };
    const uploadSocket = activatedSocket(env, process.pid);
    app = await startApp(config, { directory: dirname(resolve(file)), env, warnings, source, uploadSocket });
  } catch (error) {
    const text = error instanceof ConfigError ? error.message : `error: ${startErrorText(error, ADDRESSES)}`;
    process.stderr.write(`${text}\n`);
    return 1;
  }
  process.on('SIGHUP', () => void app.reload());
  await Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')]);
  // A second signal ends the process without waiting.
  process.once('SIGTERM', () => process.exit(1)).once('SIGINT', () => process.exit(1));
  await app.close();
  return 0;
}
