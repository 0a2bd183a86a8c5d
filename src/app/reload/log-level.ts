/** Changes the level of the log, and logs the change. */
import type { LogConfig, ProcessLog } from '../../logging/create-log.ts';

type Level = LogConfig['level'];

const LEVELS: readonly Level[] = ['debug', 'info', 'warn', 'error'];

interface Change {
  readonly file: string;
  readonly from: Level;
  readonly to: Level;
}

/** @param show logs other lines about the reload, at the more verbose of both levels. */
export function changeLevel(log: ProcessLog, change: Change, show: () => void): void {
  const { from, to } = change;
  const isMoreVerbose = LEVELS.indexOf(to) < LEVELS.indexOf(from);
  if (isMoreVerbose) log.setLevel?.(to);
  show();
  const shown = isMoreVerbose ? to : from;
  if (from !== to) log[shown === 'debug' ? 'info' : shown](change, 'log level changed');
  if (!isMoreVerbose) log.setLevel?.(to);
}
