/**
 * The outer form of a token, before any key is fetched: JWS compact serialization (RFC 7515, section 7.1) and nothing
 * else, read so strictly that no two readers can read it differently. Its content is not verified yet.
 */

import { FIXED_LIMITS } from '../../domain/fixed-limits.ts';
import { refusal } from './refusals.ts';
import { hasUniqueMembers } from './unique-members.ts';

export interface UnverifiedToken {
  readonly keyId: string | undefined;
  readonly issuer: unknown;
}

export const MAX_TOKEN = FIXED_LIMITS.token_characters;
const MAX_KEY_ID = 512;

/**
 * Members that a header may not have. Keys and references to keys (jku, jwk, x5u, x5c) would let the token choose its
 * verifier; crit, b64, zip and enc change how it is read. Members that are not understood are ignored (RFC 7515, section 4).
 */
const REFUSED_MEMBERS = ['__proto__', 'b64', 'crit', 'enc', 'jku', 'jwk', 'x5c', 'x5u', 'zip'];
/** RFC 8725, section 3.11: other kinds of token of the same issuer (logout tokens, proofs) are not meant for us. */
const TYPES = /^(application\/)?(jwt|at\+jwt|jose)$/i;
/** A byte order mark stays visible, so that it is refused as JSON. */
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

type Json = Readonly<Record<string, unknown>>;

/** @throws Failure token_refused: token_too_long, token_malformed or header_not_allowed. */
export function parseToken(token: string): UnverifiedToken {
  if (token.length > MAX_TOKEN) throw refusal('token_too_long');
  const [header, payload, signature, ...more] = token.split('.');
  if (header === undefined || payload === undefined || !signature || more.length > 0) throw refusal('token_malformed');
  bytesOf(signature);
  const keyId = checkHeader(objectOf(header));
  return { keyId, issuer: objectOf(payload).iss };
}

/** @returns the `kid`: a hint for the choice among known keys, never a path, a query or an address. */
function checkHeader(header: Json): string | undefined {
  const { kid, typ } = header;
  if (REFUSED_MEMBERS.some((name) => Object.hasOwn(header, name))) throw refusal('header_not_allowed');
  if (typ !== undefined && !(typeof typ === 'string' && TYPES.test(typ))) throw refusal('header_not_allowed');
  if (kid === undefined) return undefined;
  if (typeof kid !== 'string' || kid.length > MAX_KEY_ID) throw refusal('header_not_allowed');
  return kid;
}

function objectOf(part: string): Json {
  const value = jsonOf(bytesOf(part));
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw refusal('token_malformed');
  return value as Json;
}

function jsonOf(bytes: Buffer): unknown {
  try {
    const text = UTF8.decode(bytes);
    const value: unknown = JSON.parse(text);
    return hasUniqueMembers(text) ? value : undefined;
  } catch {
    return undefined; // a parser's message would quote the token
  }
}

/** RFC 7515, section 2: base64url without padding, line breaks or anything else; there is one way to write it. */
function bytesOf(part: string): Buffer {
  const bytes = Buffer.from(part, 'base64url');
  if (bytes.toString('base64url') !== part) throw refusal('token_malformed');
  return bytes;
}
