/** From the host and the path of a request to the bucket it names and the key within it. */
import { Failure } from '../domain/failure.ts';
import type { Bucket, Target } from '../domain/stages.ts';
import { percentDecode } from '../kit/percent.ts';

export interface Route<B extends Bucket> {
  /** Begins with `/`, does not end with it. */
  readonly prefix: string;
  readonly bucket: B;
  /** Whether HeadObject is offered; not unless said. */
  readonly allowsHead?: boolean;
  /** Whether browsers may ask before they upload; not unless said. */
  readonly takesPreflights?: boolean;
  /** Longest key, in bytes of UTF-8; as S3 has it unless said. */
  readonly maxKeyBytes?: number | undefined;
}

export interface Location<B extends Bucket> {
  readonly route: Route<B>;
  /** Decoded once and never normalised; empty where the path names the bucket itself. */
  readonly key: string;
}

/** By the name of its host, or else by its path. @throws Failure no_such_bucket, invalid_uri, key_too_long. */
export function findBucket<B extends Bucket>(routes: readonly Route<B>[], target: Target): Location<B> {
  const { rawPath, hostBucket } = target;
  if (hostBucket === undefined) return findByPath(routes, rawPath);
  const route = routes.find(({ bucket }) => bucket.name === hostBucket);
  if (route === undefined) throw new Failure('no_such_bucket', 'No bucket of this gateway has this host name.');
  return { route, key: decodeKey(rawPath.slice(1), route.maxKeyBytes) };
}

/** The longest prefix wins. It is compared with the path as it was sent: a path that spells the prefix with escapes names no bucket. */
function findByPath<B extends Bucket>(routes: readonly Route<B>[], rawPath: string): Location<B> {
  let found: Route<B> | undefined;
  for (const route of routes) {
    const matches = rawPath.startsWith(route.prefix) && (rawPath[route.prefix.length] ?? '/') === '/';
    if (matches && route.prefix.length >= (found?.prefix.length ?? 0)) found = route;
  }
  if (found === undefined) throw new Failure('no_such_bucket');
  return { route: found, key: decodeKey(rawPath.slice(found.prefix.length + 1), found.maxKeyBytes) };
}

/** Amazon S3 User Guide, "Naming Amazon S3 objects". */
const MAX_KEY_BYTES = 1024;

function decodeKey(raw: string, maxBytes: number | undefined): string {
  const key = percentDecode(raw);
  if (key === undefined) throw new Failure('invalid_uri', 'The path is not percent-encoded UTF-8.');
  return checkedKey(key, maxBytes);
}

/** What holds for every key, wherever it was named. @throws Failure invalid_uri, key_too_long. */
export function checkedKey(key: string, maxBytes: number = MAX_KEY_BYTES): string {
  if (/[\0-\x1f\x7f]/.test(key)) throw new Failure('invalid_uri', 'Control characters are not allowed in a key.');
  if (climbsOut(key))
    throw new Failure('invalid_uri', 'The key has more ".." segments than it has segments before them.');
  if (Buffer.byteLength(key) > maxBytes) {
    throw new Failure('key_too_long', `The key is longer than ${maxBytes} bytes in UTF-8.`);
  }
  return key;
}

/** A store that normalises paths would write such a key into another bucket; S3 itself refuses them too. */
function climbsOut(key: string): boolean {
  if (!key.includes('..')) return false;
  let depth = 0;
  for (const segment of key.split('/')) {
    if (segment === '..') depth--;
    else if (segment !== '.' && segment !== '') depth++;
    if (depth < 0) return true;
  }
  return false;
}
