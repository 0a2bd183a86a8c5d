/** The reloads of a gateway whose configuration is a file, and the files whose changes cause them. */
import { resolve } from 'node:path';
import type { Environment } from '../../config/expand.ts';
import { loadConfigWithSources } from '../../config/load-config.ts';
import type { Generation } from '../generation.ts';
import type { Lifetime } from '../lifetime.ts';
import { Reloads, type ReloadTools } from './reloads.ts';
import { watchFiles } from './watch-files.ts';

/** The file of a configuration. */
export interface ConfigSource {
  readonly file: string;
  /** SHA-256 of its text, in hex. */
  readonly sha256: string;
  /** Files that contain secrets of the configuration: a change of one of them causes a reload. */
  readonly secretFiles: readonly string[];
  /** Whether a change of the file itself causes a reload. */
  readonly watch?: boolean;
}

export interface OpenReloads extends Pick<ReloadTools, 'world' | 'log' | 'listener' | 'readiness'> {
  readonly env: Environment;
  readonly lifetime: Lifetime;
}

export function openReloads(
  { file, sha256, secretFiles, watch = false }: ConfigSource,
  generation: Generation,
  { env, lifetime, ...tools }: OpenReloads,
): Reloads {
  const path = resolve(file);
  const { reloaders } = lifetime;
  const reloads = new Reloads(
    { ...tools, file: path, reloaders, load: () => loadConfigWithSources(file, env) },
    generation,
    { config: generation.config, sha256, secretFiles },
  );
  const files = () => (watch ? [path, ...reloads.secretFiles] : reloads.secretFiles);
  lifetime.onClose(watchFiles(files, () => void reloads.run().catch(() => {})));
  return reloads;
}
