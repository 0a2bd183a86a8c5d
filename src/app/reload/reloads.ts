/** Reloads of a configuration file, one after the other. The whole file is put in use, or nothing of it. */
import type { Config } from '../../config/config.ts';
import type { LoadedConfig } from '../../config/load-config.ts';
import type { ProcessLog } from '../../logging/create-log.ts';
import type { ConfigFigures } from '../../metrics/config-metrics.ts';
import type { Changes } from './changes.ts';
import type { Candidate } from './generations.ts';
import { changeLevel } from './log-level.ts';
import { originsInUse } from './origins-in-use.ts';

/** A configuration file that was read. */
export type Loaded = Pick<LoadedConfig, 'config' | 'secretFiles' | 'sha256' | 'given' | 'sources'>;

export interface ReloadTools {
  readonly log: ProcessLog;
  /** Path of the configuration. */
  readonly file: string;
  readonly figures: ConfigFigures;
  /** @throws ConfigError with file, line and column of every problem. */
  load(): Promise<Loaded>;
  /** @throws Error that describes the problem; nothing has changed then. */
  prepare(loaded: Loaded): Promise<Candidate>;
}

const RETAINED = 'the previous configuration stays in use';

export class Reloads {
  readonly #tools: ReloadTools;
  #inUse: Loaded;
  #last: Promise<unknown> = Promise.resolve();

  /** @param first the configuration in use. */
  constructor(tools: ReloadTools, first: Loaded) {
    this.#tools = tools;
    this.#inUse = first;
    tools.figures.used(first.sha256);
  }

  get file(): string {
    return this.#tools.file;
  }

  /** The configuration in use. */
  get config(): Config {
    return this.#inUse.config;
  }

  /** The configuration in use, with the sources of its values. */
  get inUse(): Loaded {
    return this.#inUse;
  }

  /** Reads the file, and changes nothing. @throws ConfigError with file, line and column of every problem. */
  load(): Promise<Loaded> {
    return this.#tools.load();
  }

  /** Files whose changes cause a reload: they contain secrets of the configuration. */
  get secretFiles(): readonly string[] {
    return this.#inUse.secretFiles;
  }

  /** @returns the changes. @throws Error that describes the problem; nothing has changed then. */
  run(): Promise<Changes> {
    return this.inTurn(async () => {
      const { loaded, candidate } = await this.#read().catch((error: Error) => this.#failed(error));
      this.#use(loaded, candidate);
      return candidate.changes;
    });
  }

  /** The changes that `run` would make. @throws Error that describes the problem. */
  dryRun(): Promise<Changes> {
    return this.inTurn(async () => {
      const { candidate } = await this.#read();
      await candidate.discard();
      return candidate.changes;
    });
  }

  /** Runs other work that must not overlap with a reload. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => {});
    return result;
  }

  async #read(): Promise<{ loaded: Loaded; candidate: Candidate }> {
    const loaded = await this.#tools.load();
    return { loaded, candidate: await this.#tools.prepare(loaded) };
  }

  #failed(error: Error): never {
    const { log, file, figures } = this.#tools;
    figures.failed();
    log.error({ file, problem: error.message }, `the configuration could not be read again; ${RETAINED}`);
    throw error;
  }

  #use(loaded: Loaded, candidate: Candidate): void {
    const { log, file, figures } = this.#tools;
    const { changes, config } = candidate;
    candidate.use();
    const from = this.#inUse.config.logging.level;
    const to = config.logging.level;
    this.#inUse = { ...loaded, ...originsInUse(this.#inUse, loaded, changes.needRestart), config };
    figures.used(loaded.sha256);
    const more = changes.needRestart.length === 0 ? '' : '; some changes need a restart';
    changeLevel(log, from, to, (shown) => {
      const fields = { file, changed: changes.applied, need_restart: changes.needRestart };
      log.info(fields, `configuration read again${more}`);
      if (from !== to) log[shown]({ file, from, to }, 'log level changed');
    });
  }
}
