/** The log of the process: JSON lines of pino, or human-readable lines, written to a sink that never blocks. */
import { isatty } from 'node:tty';
import { pino } from 'pino';
import type { Log } from '../domain/log.ts';
import { prettyLine } from './pretty.ts';
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
  const logger = pino(
    {
      level: config.level,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: pretty ? (line: string) => sink.write(prettyLine(line)) : (line: string) => sink.write(line) },
  );
  return {
    debug: (fields, message) => logger.debug(fields, message),
    info: (fields, message) => logger.info(fields, message),
    warn: (fields, message) => logger.warn(fields, message),
    error: (fields, message) => logger.error(fields, message),
    setLevel(level) {
      logger.level = level;
    },
    close: (millis) => sink.close(millis),
  };
}
