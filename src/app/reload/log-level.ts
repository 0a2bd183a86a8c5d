/** Changes the level of the log. */
import type { LogConfig, ProcessLog } from '../../logging/create-log.ts';

type Level = LogConfig['level'];

const LEVELS: readonly Level[] = ['debug', 'info', 'warn', 'error'];

/** @param show logs lines about the change, at the more verbose of both levels. Gets a level that is shown, and is at least info. */
export function changeLevel(
  log: ProcessLog,
  from: Level,
  to: Level,
  show: (shown: Exclude<Level, 'debug'>) => void = () => {},
): void {
  const isMoreVerbose = LEVELS.indexOf(to) < LEVELS.indexOf(from);
  if (isMoreVerbose) log.setLevel?.(to);
  const shown = isMoreVerbose ? to : from;
  show(shown === 'debug' ? 'info' : shown);
  if (!isMoreVerbose) log.setLevel?.(to);
}
