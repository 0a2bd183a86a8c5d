/** Where the values of the configuration in use come from, after a reload that left some previous values in use. */
import type { ConfigWithSources } from '../../config/parse-config.ts';
import { fileKey } from '../../config/read-field.ts';

type Origins = Pick<ConfigWithSources, 'given' | 'sources'>;

/** @param retained settings whose previous values stay in use, such as `server.address`. */
export function originsInUse(previous: Origins, next: Origins, retained: readonly string[]): Origins {
  const isRetained = (path: string): boolean => retained.some((setting) => belongsTo(path, setting));
  const choose = <T>(old: Iterable<T>, fresh: Iterable<T>, pathOf: (item: T) => string): T[] => [
    ...[...old].filter((item) => isRetained(pathOf(item))),
    ...[...fresh].filter((item) => !isRetained(pathOf(item))),
  ];
  return {
    given: new Set(choose(previous.given, next.given, (path) => path)),
    sources: new Map(choose(previous.sources, next.sources, ([path]) => path)),
  };
}

function belongsTo(path: string, setting: string): boolean {
  return [setting, fileKey(setting)].includes(path) || path.startsWith(`${setting}.`) || path.startsWith(`${setting}[`);
}
