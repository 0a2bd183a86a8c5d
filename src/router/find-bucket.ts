/** From the host and the path of a request to the bucket it names and the key within it. */
import { Failure } from '../domain/failure.ts';
import type { KeyRules } from '../domain/routing.ts';
import type { Bucket, Target } from '../domain/stages.ts';
import { percentDecode } from '../kit/percent.ts';
import type { Offers } from './find-operation.ts';
import { ambiguityOf } from './unambiguous-key.ts';

export interface Route<B extends Bucket> extends KeyRules, Offers {
  /** Begins with `/`, does not end with it. */
  readonly prefix: string;
  readonly bucket: B;
}

/**
 * The key within a bucket that `findRoute` has found: decoded once and never normalised; empty where the path names the bucket itself.
 * @throws Failure invalid_uri, invalid_key, key_too_long.
 */
export function findKey<B extends Bucket>(routes: readonly Route<B>[], route: Route<B>, target: Target): string {
  if (target.hostBucket !== undefined) return decodeKey(target.rawPath.slice(1), route);
  const rawKey = target.rawPath.slice(route.prefix.length + 1);
  const key = decodeKey(rawKey, route);
  if (key !== rawKey) refuseOtherReading(routes, route, key);
  return key;
}

/**
 * With the prefixes `/a` and `/a/b`, `/a/b%2Fc` is a key of `/a` and its decoded form one of `/a/b`. A signature covers the decoded
 * form, so it could be moved from one bucket to the other.
 */
function refuseOtherReading<B extends Bucket>(routes: readonly Route<B>[], route: Route<B>, key: string): void {
  if (findByPath(routes, `${route.prefix}/${key}`) === route) return;
  throw new Failure('invalid_uri', 'The path names another bucket when it is decoded. Send "/" instead of "%2F".');
}

/** By the name of its host, or else by its path. @throws Failure no_such_bucket. */
export function findRoute<B extends Bucket>(routes: readonly Route<B>[], { rawPath, hostBucket }: Target): Route<B> {
  if (hostBucket === undefined) return findByPath(routes, rawPath);
  const route = routes.find(({ bucket }) => bucket.name === hostBucket);
  if (route === undefined) throw new Failure('no_such_bucket', 'No bucket of this gateway has this host name.');
  return route;
}

/** The longest prefix wins. It is compared with the path as it was sent: a path that spells the prefix with escapes names no bucket. */
function findByPath<B extends Bucket>(routes: readonly Route<B>[], rawPath: string): Route<B> {
  let found: Route<B> | undefined;
  for (const route of routes) {
    const matches = rawPath.startsWith(route.prefix) && (rawPath[route.prefix.length] ?? '/') === '/';
    if (matches && route.prefix.length >= (found?.prefix.length ?? 0)) found = route;
  }
  if (found === undefined) throw new Failure('no_such_bucket');
  return found;
}

/** Amazon S3 User Guide, "Naming Amazon S3 objects". */
const MAX_KEY_BYTES = 1024;

function decodeKey(raw: string, rules: KeyRules): string {
  const key = percentDecode(raw);
  if (key === undefined) throw new Failure('invalid_uri', 'The path is not percent-encoded UTF-8.');
  return checkedKey(key, rules);
}

/** Control characters, and what no XML document can hold: stores could not list such a key (XML 1.0, section 2.2). */
const UNLISTABLE = /[\0-\x1f\x7f\ufffe\uffff]/;

/** What holds for every key, wherever it comes from. @throws Failure invalid_uri, invalid_key, key_too_long. */
export function checkedKey(key: string, { maxKeyBytes = MAX_KEY_BYTES, literalKeys = false }: KeyRules): string {
  if (Buffer.byteLength(key) > maxKeyBytes) {
    throw new Failure('key_too_long', `The key is longer than ${maxKeyBytes} bytes in UTF-8.`);
  }
  if (UNLISTABLE.test(key))
    throw new Failure('invalid_uri', 'Control characters, U+FFFE and U+FFFF are not allowed in a key.');
  if (!literalKeys) refuseAmbiguous(key);
  if (climbsOut(key))
    throw new Failure('invalid_uri', 'The key has more ".." segments than it has segments before them.');
  return key;
}

function refuseAmbiguous(key: string): void {
  const ambiguity = ambiguityOf(key);
  if (ambiguity === undefined) return;
  const why = 'so the store could keep the object under another key than the one that was authorized';
  const setting = 'literal_keys: true of the bucket accepts such keys, for stores that keep every key as it is';
  throw new Failure('invalid_key', `The key ${ambiguity}, ${why}. Use another key. (${setting}.)`);
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
