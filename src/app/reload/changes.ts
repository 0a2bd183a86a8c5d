/** The difference between the configuration in use and another one. */
import { isDeepStrictEqual } from 'node:util';
import type { Config } from '../../config/config.ts';

export interface Changes {
  /** Settings that a reload puts in use, such as `buckets`, `server.minimum_rate` or `logging.level`. */
  readonly applied: readonly string[];
  /** Settings whose previous values stay in use until a restart. */
  readonly needRestart: readonly string[];
}

/** Everything else needs a restart: it belongs to ports, threads and memory that are created once. */
const APPLIED: readonly string[] = [
  'buckets',
  'ready.require',
  'logging.level',
  'logging.success_ratio',
  'server.body_idle_timeout_seconds',
  'server.domain',
  'server.minimum_rate',
  'server.shutdown_delay_seconds',
  'server.shutdown_timeout_seconds',
  'server.upload_id_secret',
  'server.upload_id_secrets',
];

type Section = Readonly<Record<string, unknown>>;

export function changesOf(before: Config, after: Config): Changes {
  const changed = [...settingsOf(before, after)];
  return {
    applied: changed
      .filter((setting) => APPLIED.includes(setting))
      .flatMap((each) => namedBuckets(each, before, after)),
    needRestart: changed.filter((setting) => !APPLIED.includes(setting)),
  };
}

/** @returns `after`, with the values of `before` for all settings that need a restart. */
export function withoutRestart(before: Config, after: Config): Config {
  const merged = structuredClone(before) as unknown as Record<string, Record<string, unknown>>;
  for (const setting of APPLIED) {
    const [section, name] = setting.split('.') as [keyof Config, string | undefined];
    if (name === undefined) (merged as Record<string, unknown>)[section] = after[section];
    else merged[section]![name] = (after[section] as Section)[name];
  }
  return merged as unknown as Config;
}

function* settingsOf(before: Config, after: Config): Generator<string> {
  for (const section of Object.keys(before) as (keyof Config)[]) {
    const [one, other] = [before[section], after[section]] as [unknown, unknown];
    if (Array.isArray(one)) {
      if (!isDeepStrictEqual(one, other)) yield section;
    } else yield* namesOf(section, one as Section, other as Section);
  }
}

function* namesOf(section: string, one: Section, other: Section): Generator<string> {
  for (const name of new Set([...Object.keys(one), ...Object.keys(other)]))
    if (!isDeepStrictEqual(one[name], other[name])) yield `${section}.${name}`;
}

/** Which of the buckets: `buckets.uploads`. */
function namedBuckets(setting: string, before: Config, after: Config): string[] {
  if (setting !== 'buckets') return [setting];
  const byName = ({ buckets }: Config) => new Map(buckets.map((bucket) => [bucket.name, bucket]));
  const [one, other] = [byName(before), byName(after)];
  const names = [...new Set([...one.keys(), ...other.keys()])];
  const changed = names.filter((name) => !isDeepStrictEqual(one.get(name), other.get(name)));
  return changed.length === 0 ? ['buckets (their order)'] : changed.map((name) => `buckets.${name}`);
}
