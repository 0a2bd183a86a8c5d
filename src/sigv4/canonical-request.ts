/** The canonical request of Signature Version 4, for signing and verifying. Pure. */
import { hash } from 'node:crypto';
import { withoutOuterBlanks } from '../kit/outer-blanks.ts';
import { percentDecode, percentEncode, percentEncodePath } from '../kit/percent.ts';

export type Query = readonly (readonly [name: string, value: string])[];

export interface SignableRequest {
  readonly method: string;
  /** Percent-encoded once, never normalized (S3 differs here from other AWS services). */
  readonly path: string;
  /** Decoded parameters. */
  readonly query: Query;
  /** The value of a header by its lower-case name; several values are joined with commas. */
  readonly valueOf: (name: string) => string | undefined;
  /** Lower-case names in ascending order. */
  readonly signedHeaders: readonly string[];
  /** Lower-case hex SHA-256 of the body, `UNSIGNED-PAYLOAD`, or a `STREAMING-…` value. */
  readonly payloadHash: string;
}

/** AWS Signature Version 4, "Create a canonical request". */
export function canonicalRequest(request: SignableRequest): string {
  let headers = '';
  for (const name of request.signedHeaders) headers += `${name}:${canonicalValue(request.valueOf(name) ?? '')}\n`;
  const names = request.signedHeaders.join(';');
  return `${request.method}\n${request.path}\n${canonicalQuery(request.query)}\n${headers}\n${names}\n${request.payloadHash}`;
}

/**
 * The canonical URI: the path decoded once and encoded again, so that every encoding of a key has the same signature
 * (AWS Signature Version 4, "Create a canonical request": "the URI-encoded version of the absolute path component").
 * @returns the path itself if it is not percent-encoded UTF-8.
 */
export function canonicalPath(path: string): string {
  const decoded = percentDecode(path);
  return decoded === undefined ? path : percentEncodePath(decoded);
}

/** Parameters encoded, then sorted by name and value. */
export function canonicalQuery(query: Query): string {
  if (query.length === 0) return '';
  const encoded = query.map(([name, value]) => [percentEncode(name), percentEncode(value)] as const);
  encoded.sort((a, b) => compare(a[0], b[0]) || compare(a[1], b[1]));
  return encoded.map(([name, value]) => `${name}=${value}`).join('&');
}

/** "Create a string to sign". */
export function stringToSign(date: string, scope: string, canonical: string): string {
  // Header values are bytes that node:http shows as latin1: hashing them as latin1 hashes the bytes on the wire.
  return `AWS4-HMAC-SHA256\n${date}\n${scope}\n${hash('sha256', Buffer.from(canonical, 'latin1'))}`;
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function canonicalValue(value: string): string {
  const text = withoutOuterBlanks(value);
  return text.includes('  ') ? text.replace(/ {2,}/g, ' ') : text;
}
