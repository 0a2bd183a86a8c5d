/** The reloads of a gateway whose configuration is a file, and the files whose changes cause them. */
import { resolve } from 'node:path';
import type { Environment } from '../../config/expand.ts';
import { loadConfigWithSources } from '../../config/load-config.ts';
import { watchConfig } from '../../metrics/config-metrics.ts';
import type { OpenApp } from '../open-app.ts';
import { type Loaded, Reloads } from './reloads.ts';
import { watchFiles } from './watch-files.ts';

/** The file of a configuration. A change of a file with secrets causes a reload. */
export interface ConfigSource extends Omit<Loaded, 'config'> {
  readonly file: string;
  /** Milliseconds since the epoch, before the files were read. */
  readonly loadedAt: number;
  /** Whether a change of the file itself causes a reload. */
  readonly watch?: boolean;
}

export interface Reloading extends Pick<OpenApp, 'lifetime' | 'log' | 'world' | 'generation' | 'generations'> {
  readonly env: Environment;
}

export function openReloads(source: ConfigSource, app: Reloading): Reloads {
  const { env, lifetime, log, world, generation, generations } = app;
  const { file } = source;
  const tools = {
    log,
    file: resolve(file),
    figures: watchConfig(world.registry),
    load: () => loadConfigWithSources(file, env),
    prepare: ({ config }: { config: typeof generation.config }) => generations.prepare(config),
  };
  const reloads = new Reloads(tools, { ...source, config: generation.config });
  lifetime.onClose(watchSources(source, reloads));
  return reloads;
}

/** @returns ends the checks. */
export function watchSources({ watch = false, loadedAt }: ConfigSource, reloads: Reloads): () => void {
  const files = () => (watch ? [reloads.file, ...reloads.secretFiles] : reloads.secretFiles);
  return watchFiles(files, loadedAt, () => reloads.run().then(IN_USE, NOT_IN_USE));
}

const IN_USE = (): boolean => true;
const NOT_IN_USE = (): boolean => false;
