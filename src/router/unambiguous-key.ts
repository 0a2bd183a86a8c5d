/**
 * Keys that stores do not agree on. A store that keeps objects as files resolves `.`, `..` and empty segments, and some
 * stores use names of their own below the bucket: such a key would be stored under another name than the one that was
 * authorized. Tried with versitygw and MinIO in test/real/policy/keys.real.ts.
 */

/** @returns why not every store keeps the key as it is; undefined for nearly all keys. A `/` at the end is part of the name of a folder. */
export function ambiguityOf(key: string): string | undefined {
  return AMBIGUITIES.find(([pattern]) => pattern.test(key))?.[1];
}

/** None of them backtracks: each fixes the segment by its ends. */
const AMBIGUITIES: readonly (readonly [pattern: RegExp, why: string])[] = [
  [/(?:^|\/)\.\.?(?:\/|$)/, 'has a segment "." or ".."'],
  [/^\/|\/\//, 'has an empty segment: it begins with "/" or has "//" in it'],
  [/(?:^|\/)\.sgwtmp(?:\/|$)/, 'has a segment ".sgwtmp", where versitygw keeps parts and never lists objects'],
  [
    /(?:^|\/)meta\/etag(?:\/|$)|^meta\/(?:acl|bucket-lock|cors|ownership|policy|versioning|website)(?:\/|$)/,
    'has a name in it under which versitygw with a sidecar keeps its own metadata',
  ],
  [/__XLDIR__(?:\/|$)/, 'has a segment that ends in "__XLDIR__", which MinIO stores as "/"'],
];
