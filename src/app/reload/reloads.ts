/**
 * Reloads of the whole configuration. A complete candidate is opened next to the generation in use, and swapped with it at once:
 * all of it, or nothing. Requests in progress are served to their end with the generation in which they began.
 */
import type { Config } from '../../config/config.ts';
import type { LoadedConfig } from '../../config/load-config.ts';
import type { ProcessLog } from '../../logging/create-log.ts';
import { type ConfigFigures, watchConfig } from '../../metrics/config-metrics.ts';
import { showLimits } from '../../metrics/limit-metrics.ts';
import type { Listener } from '../../server/listener.ts';
import { Generation } from '../generation.ts';
import type { Reloader, ReloadObserver } from '../lifetime.ts';
import type { Readiness } from '../readiness.ts';
import type { World } from '../world.ts';
import { type Changes, changesOf, withoutRestart } from './changes.ts';

/** A configuration file that was read. */
export type Loaded = Pick<LoadedConfig, 'config' | 'secretFiles' | 'sha256'>;

export interface ReloadTools {
  readonly world: World;
  readonly log: ProcessLog;
  readonly listener: Listener;
  readonly readiness: Readiness;
  /** Path of the configuration. */
  readonly file: string;
  /** Of parts that belong to no bucket, such as certificates. */
  readonly reloaders: readonly Reloader[];
  /** @throws ConfigError with file, line and column of every problem. */
  load(): Promise<Loaded>;
}

/** A candidate that can be used. Exactly one of `use` and `discard` is to be called. */
export interface Candidate {
  readonly changes: Changes;
  use(): void;
  discard(): Promise<void>;
}

const RETAINED = 'the previous configuration stays in use';

export class Reloads {
  readonly #tools: ReloadTools;
  readonly #figures: ConfigFigures;
  #generation: Generation;
  /** As it was read, with the settings that need a restart. */
  #loaded: Loaded;
  #last: Promise<unknown> = Promise.resolve();

  constructor(tools: ReloadTools, generation: Generation, loaded: Loaded) {
    this.#tools = tools;
    this.#generation = generation;
    this.#loaded = loaded;
    this.#figures = watchConfig(tools.world.registry);
    this.#figures.used(loaded.sha256);
  }

  get file(): string {
    return this.#tools.file;
  }

  get config(): Config {
    return this.#generation.config;
  }

  /** Files whose changes cause a reload: they contain secrets of the configuration. */
  get secretFiles(): readonly string[] {
    return this.#loaded.secretFiles;
  }

  /** One after the other. @returns the changes. @throws Error that describes the problem; nothing has changed then. */
  run(): Promise<Changes> {
    return this.#inTurn(async () => {
      const candidate = await this.#prepare();
      candidate.use();
      return candidate.changes;
    });
  }

  /** What `run` would change. @throws Error that describes the problem. */
  dryRun(): Promise<Changes> {
    return this.#inTurn(async () => {
      const candidate = await this.#prepare();
      await candidate.discard();
      return candidate.changes;
    });
  }

  /** The requests of all generations have ended. */
  close(): Promise<void> {
    return this.#inTurn(() => this.#generation.release());
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => {});
    return result;
  }

  async #prepare(): Promise<Candidate> {
    const { log, world, file, reloaders } = this.#tools;
    try {
      const loaded = await this.#tools.load();
      const previous = this.#generation;
      const changes = changesOf(previous.config, loaded.config);
      const next = await Generation.open(withoutRestart(previous.config, loaded.config), world, previous);
      try {
        const reused = next.reloaders.filter((each) => previous.reloaders.includes(each));
        const files = await readAll([...reloaders, ...reused], world.reloaded);
        return {
          changes,
          use: () => this.#use(next, loaded, changes, files),
          discard: () => next.release(),
        };
      } catch (error) {
        await next.release();
        throw error;
      }
    } catch (error) {
      this.#figures.failed();
      log.error({ file, problem: (error as Error).message }, `the configuration could not be read again; ${RETAINED}`);
      throw error;
    }
  }

  #use(next: Generation, loaded: Loaded, changes: Changes, files: readonly ReadFile[]): void {
    const { log, world, file, listener, readiness } = this.#tools;
    const previous = this.#generation;
    for (const { use } of files) use();
    this.#generation = next;
    this.#loaded = loaded;
    void listener.use(next.served).then(() => previous.release());
    readiness.require(next.config.ready, next.services);
    showLimits(world.registry, next.config);
    this.#figures.used(loaded.sha256);
    for (const { reloader } of files) {
      world.reloaded(reloader, true);
      log.info({ file: reloader.file }, `${reloader.what} read again`);
    }
    changeLevel(log, file, previous.config, next.config, () =>
      log.info(
        { file, changed: changes.applied, need_restart: changes.needRestart },
        changes.needRestart.length === 0
          ? 'configuration read again'
          : 'configuration read again; some changes need a restart',
      ),
    );
  }
}

interface ReadFile {
  readonly reloader: Reloader;
  readonly use: () => void;
}

/** @throws Error that names the first file that cannot be used. */
async function readAll(reloaders: readonly Reloader[], reloaded: ReloadObserver): Promise<ReadFile[]> {
  const files: ReadFile[] = [];
  for (const reloader of reloaders) {
    const use = await reloader.read().catch((cause: Error) => {
      reloaded(reloader, false);
      throw new Error(`${reloader.what}: ${cause.message}`, { cause });
    });
    files.push({ reloader, use });
  }
  return files;
}

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;

/** The lines are shown by the more verbose of both levels. */
function changeLevel(
  log: ProcessLog,
  file: string,
  { logging: before }: Config,
  { logging: after }: Config,
  show: () => void,
): void {
  const [from, to] = [before.level, after.level];
  const isMoreVerbose = LEVELS.indexOf(to) < LEVELS.indexOf(from);
  if (isMoreVerbose) log.setLevel?.(to);
  show();
  const shown = isMoreVerbose ? to : from;
  if (from !== to) log[shown === 'debug' ? 'info' : shown]({ file, from, to }, 'log level changed');
  if (!isMoreVerbose) log.setLevel?.(to);
}
