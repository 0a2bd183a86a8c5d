/** The configuration in use, with the source of each value and without secrets, and how the file on disk differs from it. */
import type { Config } from '../../config/config.ts';
import { effectiveValues } from '../../config/effective.ts';
import { withoutCredentials } from '../../kit/without-credentials.ts';
import type { ConfigDocument, Setting } from '../../view/documents.ts';
import { changesOf } from '../reload/changes.ts';
import type { Loaded, Reloads } from '../reload/reloads.ts';

/** Milliseconds for which a read of the file is not repeated. */
const FRESH_MILLIS = 1_000;
/** Most characters of a problem: a broken file may have thousands of mistakes. */
const MAX_PROBLEM = 10_000;

/** The configuration in use, and its file. */
export type ConfigInUse = Pick<Reloads, 'file' | 'inUse' | 'load'>;

/** @returns the document at each call. It reads the file only then, and at most once a second. */
export function openConfigDocument(source: ConfigInUse): () => Promise<ConfigDocument> {
  let reading: Promise<Loaded | Error> | undefined;
  const forget = (): void => {
    reading = undefined;
  };
  const read = async (): Promise<Loaded | Error> => {
    const onDisk = await source.load().catch((error: Error) => error);
    setTimeout(forget, FRESH_MILLIS).unref();
    return onDisk;
  };
  return async () => {
    const onDisk = await (reading ??= read());
    const { file, inUse } = source;
    return { file, settings: settingsOf(inUse), ...differenceOf(inUse, onDisk) };
  };
}

/** The document of a program that embeds the gateway: its configuration is not a file. */
export function documentOfProgram(config: Config): ConfigDocument {
  const settings = settingsOf({ config, given: new Set(), sources: new Map() }).map((setting) => ({
    ...setting,
    source: setting.is_set ? 'program' : setting.source,
  }));
  return { file: null, settings, differs: null, changed: [], problem: null };
}

function settingsOf({ config, given, sources }: Pick<Loaded, 'config' | 'given' | 'sources'>): Setting[] {
  return effectiveValues(config, given, sources).map(({ path, value, isSet, source }) => ({
    path,
    value,
    is_set: isSet,
    source,
  }));
}

function differenceOf(inUse: Loaded, onDisk: Loaded | Error): Pick<ConfigDocument, 'differs' | 'changed' | 'problem'> {
  if (onDisk instanceof Error) {
    return { differs: true, changed: [], problem: withoutCredentials(onDisk.message).slice(0, MAX_PROBLEM) };
  }
  const { applied, needRestart } = changesOf(inUse.config, onDisk.config);
  const changed = [...applied, ...needRestart];
  return { differs: changed.length > 0 || onDisk.sha256 !== inUse.sha256, changed, problem: null };
}
