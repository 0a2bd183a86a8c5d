/** `replay`: sends the spans of a fallback file to the collector. Prints no secret. */
import { dirname, resolve } from 'node:path';
import { ConfigError } from '../config/config-error.ts';
import type { Environment } from '../config/expand.ts';
import { loadConfig } from '../config/load-config.ts';

export interface ReplayOptions {
  /** The first line to send, as text: a whole number from 1. */
  readonly from: string;
}

/** @returns the exit code: 0 if all was delivered, 1 if something was not, 2 if its arguments are invalid. */
export async function replayFile(
  configFile: string,
  spansFile: string,
  { from }: ReplayOptions,
  env: Environment,
  write: (text: string) => void,
): Promise<number> {
  if (!/^[1-9]\d*$/.test(from)) {
    write(`error: --from ${from} is not a line number; use a whole number from 1\n`);
    return 2;
  }
  try {
    const config = await loadConfig(configFile, env);
    if (!config.tracing.enabled) {
      write('error: tracing is disabled in this configuration, so it names no collector; enable tracing\n');
      return 1;
    }
    const { replay } = await import('../tracing/replay.ts');
    const directory = dirname(resolve(configFile));
    const { exported, rejected, unreadable, stopped } = await replay(config.tracing, spansFile, Number(from), {
      directory,
    });
    for (const { line, wrong } of unreadable) write(`${spansFile}:${line} was skipped: ${wrong}\n`);
    write(`${exported} spans delivered, ${rejected} rejected by the collector\n`);
    if (stopped !== undefined) {
      write(`stopped at line ${stopped.line}: ${stopped.why}; continue with --from ${stopped.line}\n`);
    }
    return stopped === undefined && rejected === 0 && unreadable.length === 0 ? 0 : 1;
  } catch (error) {
    write(`${error instanceof ConfigError ? error.message : `error: ${(error as Error).message}`}\n`);
    return 1;
  }
}
