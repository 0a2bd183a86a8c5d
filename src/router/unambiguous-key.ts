/**
 * Keys that stores interpret differently. A store that keeps objects as files resolves `.`, `..` and empty segments, and some
 * stores reserve names in a bucket. Such a key would be stored under a name other than the authorized one. Tested with
 * versitygw and MinIO in test/real/policy/keys.real.ts.
 */

/** @returns the reason why some stores change the key; undefined for nearly all keys. A trailing `/` is allowed: it is part of a folder name. */
export function ambiguityOf(key: string): string | undefined {
  return ANY_AMBIGUITY.test(key) ? AMBIGUITIES.find(([pattern]) => pattern.test(key))?.[1] : undefined;
}

/** No pattern backtracks: each one is anchored at the ends of a segment. */
const AMBIGUITIES: readonly (readonly [pattern: RegExp, why: string])[] = [
  [/(?:^|\/)\.\.?(?:\/|$)/, 'has a segment "." or ".."'],
  [/^\/|\/\//, 'has an empty segment (a leading "/" or "//")'],
  [/(?:^|\/)\.sgwtmp(?:\/|$)/, 'has a segment ".sgwtmp", which versitygw reserves'],
  [
    /(?:^|\/)meta\/etag(?:\/|$)|^meta\/(?:acl|bucket-lock|cors|ownership|policy|versioning|website)(?:\/|$)/,
    'has a name that versitygw reserves for metadata',
  ],
  [/__XLDIR__(?:\/|$)/, 'has a segment that ends in "__XLDIR__", which MinIO reserves'],
];
const ANY_AMBIGUITY = new RegExp(AMBIGUITIES.map(([{ source }]) => source).join('|'));
