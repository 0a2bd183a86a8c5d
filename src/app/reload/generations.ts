/**
 * The generations of the configuration. A complete candidate is opened next to the generation in use, and swapped with it at once:
 * all of it, or nothing. Requests in progress are served to their end with the generation in which they began.
 */
import type { Config } from '../../config/config.ts';
import { showLimits } from '../../metrics/limit-metrics.ts';
import type { Listener } from '../../server/listener.ts';
import { Generation } from '../generation.ts';
import type { Reloader } from '../lifetime.ts';
import type { Readiness } from '../readiness.ts';
import type { World } from '../world.ts';
import { type Changes, changesOf, withoutRestart } from './changes.ts';

/** What a new generation is put in use with. */
interface Ports {
  readonly listener: Listener;
  readonly readiness: Readiness;
  /** Of parts that belong to no bucket, such as certificates. */
  readonly reloaders: readonly Reloader[];
}

/** A candidate that can be used. Exactly one of `use` and `discard` is to be called. */
export interface Candidate {
  readonly changes: Changes;
  /** The configuration that would be in use: without the changes that need a restart. */
  readonly config: Config;
  use(): void;
  discard(): Promise<void>;
}

export class Generations {
  readonly #world: World;
  #current: Generation;
  #ports: Ports | undefined;

  constructor(first: Generation, world: World) {
    this.#current = first;
    this.#world = world;
  }

  get current(): Generation {
    return this.#current;
  }

  serveWith(ports: Ports): void {
    this.#ports = ports;
  }

  /** @throws Error that describes the problem; nothing has changed then. */
  async prepare(wanted: Config): Promise<Candidate> {
    const previous = this.#current;
    const changes = changesOf(previous.config, wanted);
    const config = withoutRestart(previous.config, wanted);
    const next = await Generation.open(config, this.#world, previous);
    try {
      const reused = next.reloaders.filter((each) => previous.reloaders.includes(each));
      const files = await this.#readAll([...this.#ports!.reloaders, ...reused]);
      return { changes, config, use: () => this.#use(next, files), discard: () => next.release() };
    } catch (error) {
      await next.release();
      throw error;
    }
  }

  /** All requests have ended. */
  close(): Promise<void> {
    return this.#current.release();
  }

  /** @throws Error that names the first file that cannot be used. */
  async #readAll(reloaders: readonly Reloader[]): Promise<ReadFile[]> {
    const { context, reloaded } = this.#world;
    const files: ReadFile[] = [];
    for (const reloader of reloaders) {
      const { file, what } = reloader;
      const use = await reloader.read().catch((cause: Error) => {
        reloaded(reloader, false);
        context.log.error(
          { file, problem: cause.message },
          `${what} could not be read again; the previous ones stay in use`,
        );
        throw new Error(`${what}: ${cause.message}`, { cause });
      });
      files.push({ reloader, use });
    }
    return files;
  }

  #use(next: Generation, files: readonly ReadFile[]): void {
    const previous = this.#current;
    const { registry, context, reloaded } = this.#world;
    const { listener, readiness } = this.#ports!;
    for (const { use, reloader } of files) {
      use();
      reloaded(reloader, true);
      context.log.info({ file: reloader.file }, `${reloader.what} read again`);
    }
    this.#current = next;
    void listener.use(next.served).then(() => previous.release());
    readiness.require(next.config.ready, next.services);
    showLimits(registry, next.config);
  }
}

interface ReadFile {
  readonly reloader: Reloader;
  readonly use: () => void;
}
