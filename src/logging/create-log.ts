/** The log of the process: JSON lines, or human-readable lines, written to a sink that never blocks. */
import { isatty } from 'node:tty';
import type { Log } from '../domain/log.ts';
import { jsonLine } from './json-line.ts';
import { prettyLine } from './pretty.ts';
import { SEVERITIES } from './severities.ts';
import { LogSink } from './sink.ts';

export interface LogConfig {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  /** `auto` is pretty on a terminal and JSON everywhere else. */
  readonly format: 'json' | 'pretty' | 'auto';
}

export interface ProcessLog extends Log {
  /** Changes the lowest level that is logged. Absent in a log whose program decides on its level. */
  setLevel?(level: LogConfig['level']): void;
  /** Writes the buffered lines within `millis`; call it last. */
  close(millis?: number): Promise<void>;
}

/** @param fd the file descriptor of the output; the standard output by default. */
export function createLog(config: LogConfig, fd = 1): ProcessLog {
  const sink = new LogSink(fd);
  const pretty = config.format === 'pretty' || (config.format === 'auto' && isatty(fd));
  let least: number = SEVERITIES[config.level];
  const writer = (level: keyof Log) => (fields: object, message: string) => {
    if (SEVERITIES[level] < least) return;
    const line = jsonLine(level, fields, message, Date.now());
    sink.write(pretty ? prettyLine(line) : line);
  };
  return {
    debug: writer('debug'),
    info: writer('info'),
    warn: writer('warn'),
    error: writer('error'),
    setLevel(level) {
      least = SEVERITIES[level];
    },
    close: (millis) => sink.close(millis),
  };
}
