/** The log level at run time: `reload` reads `logging.level` of the configuration file again. No other setting changes. */
import { resolve } from 'node:path';
import type { Environment } from '../config/expand.ts';
import { loadConfig } from '../config/load-config.ts';
import type { LoggingConfig } from '../config/logging.ts';
import type { ProcessLog } from '../logging/create-log.ts';
import type { Lifetime } from './lifetime.ts';

type Level = LoggingConfig['level'];

const LEVELS: readonly Level[] = ['debug', 'info', 'warn', 'error'];

/** @param setLevel of the log; undefined if the embedding program decides on its level. */
export function watchLevel(
  lifetime: Lifetime,
  log: ProcessLog,
  initial: Level,
  { configFile, env }: { readonly configFile: string; readonly env: Environment },
): void {
  const { setLevel } = log;
  if (setLevel === undefined) return;
  let level = initial;
  const file = resolve(configFile);
  lifetime.onReload({
    file,
    what: 'log settings',
    async reload() {
      const { logging } = await loadConfig(file, env);
      if (logging.level === level) return;
      const [from, to] = [level, (level = logging.level)];
      const more = moreVerbose(from, to);
      if (more === to) setLevel(to);
      log[more === 'debug' ? 'info' : more]({ file, from, to }, 'log level changed');
      setLevel(to);
    },
  });
}

/** The one that shows the line about their change. */
function moreVerbose(one: Level, other: Level): Level {
  return LEVELS.indexOf(one) < LEVELS.indexOf(other) ? one : other;
}
