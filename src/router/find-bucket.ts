/** Finds the bucket and the key by the host and the path of a request. */
import { Failure } from '../domain/failure.ts';
import type { KeyRules } from '../domain/routing.ts';
import type { Bucket, Target } from '../domain/stages.ts';
import { percentDecode } from '../kit/percent.ts';
import { unsliced } from '../kit/unsliced.ts';
import type { Offers } from './find-operation.ts';
import { ambiguityOf } from './unambiguous-key.ts';

export interface Route<B extends Bucket> extends KeyRules, Offers {
  /** Starts with `/`, does not end with it. */
  readonly prefix: string;
  readonly bucket: B;
}

/**
 * The key within a bucket that `findRoute` has found: decoded once and never normalized; empty if the path is that of the bucket itself.
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
 * With the prefixes `/a` and `/a/b`, `/a/b%2Fc` is a key of `/a`, and its decoded form a key of `/a/b`. A signature covers the
 * decoded form, so it would be valid for both buckets.
 */
function refuseOtherReading<B extends Bucket>(routes: readonly Route<B>[], route: Route<B>, key: string): void {
  if (findByPath(routes, `${route.prefix}/${key}`) === route) return;
  throw new Failure('invalid_uri', 'The decoded path is in a different bucket. Send "/" instead of "%2F".');
}

/** Uses the host if it contains a bucket name, otherwise the path. @throws Failure no_such_bucket. */
export function findRoute<B extends Bucket>(routes: readonly Route<B>[], { rawPath, hostBucket }: Target): Route<B> {
  if (hostBucket === undefined) return findByPath(routes, rawPath);
  const route = routes.find(({ bucket }) => bucket.name === hostBucket);
  if (route === undefined) throw new Failure('no_such_bucket', 'No bucket on this gateway has this host name.');
  return route;
}

/** The longest prefix wins. It is compared with the path as sent: a percent-encoded prefix does not match. */
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
  const key = percentDecode(unsliced(raw)); // V8 writes a part of a longer text as JSON in twice the time
  if (key === undefined) throw new Failure('invalid_uri', 'The path is not valid percent-encoded UTF-8.');
  return checkedKey(key, rules);
}

/** Control characters, and characters that XML cannot represent: stores could not list such a key (XML 1.0, section 2.2). */
const UNLISTABLE = /[\0-\x1f\x7f\ufffe\uffff]/;

/** Checks every key, from a path or a form. @throws Failure invalid_uri, invalid_key, key_too_long. */
export function checkedKey(key: string, { maxKeyBytes = MAX_KEY_BYTES, literalKeys = false }: KeyRules): string {
  if (Buffer.byteLength(key) > maxKeyBytes) {
    throw new Failure('key_too_long', `The key is longer than ${maxKeyBytes} bytes in UTF-8.`);
  }
  if (UNLISTABLE.test(key))
    throw new Failure('invalid_uri', 'Control characters, U+FFFE and U+FFFF are not allowed in a key.');
  if (!literalKeys) refuseAmbiguous(key);
  if (leavesBucket(key)) throw new Failure('invalid_uri', 'The key has more ".." segments than segments before them.');
  return key;
}

function refuseAmbiguous(key: string): void {
  const ambiguity = ambiguityOf(key);
  if (ambiguity === undefined) return;
  const why = 'so the store could write the object to a key other than the authorized one';
  const setting = 'For a store that keeps keys literally, the operator can set literal_keys: true';
  throw new Failure('invalid_key', `The key ${ambiguity}, ${why}. Use a different key. (${setting}.)`);
}

/** A store that normalizes paths would write such a key into another bucket; S3 also rejects them. */
function leavesBucket(key: string): boolean {
  if (!key.includes('..')) return false;
  let depth = 0;
  for (const segment of key.split('/')) {
    if (segment === '..') depth--;
    else if (segment !== '.' && segment !== '') depth++;
    if (depth < 0) return true;
  }
  return false;
}
