/** One request for a JSON Web Key Set (RFC 7517, section 5): no redirects, a short timeout, a bounded response, verified content. */
import { createHash } from 'node:crypto';
import { Writable } from 'node:stream';
import { createLocalJWKSet, type JWK } from 'jose';
import { type Dispatcher, stream } from 'undici';
import { FIXED_LIMITS } from '../../domain/fixed-limits.ts';
import { NO_SPAN, type Span } from '../../domain/span.ts';
import { BoundedBuffer } from '../../kit/bounded-buffer.ts';
import { decodeContent, UNCODED } from '../../kit/decode-content.ts';
import type { KeySet } from './key-source.ts';

export interface FetchedKeySet extends KeySet {
  /** The same for the same keys, whatever their order. */
  readonly fingerprint: string;
  /** How many keys it has. */
  readonly size: number;
}

const MAX_KEYS = FIXED_LIMITS.key_set_keys;

const MAX_ANSWER = FIXED_LIMITS.key_set_bytes;

/**
 * @throws Error that names the error of the response, or the reason for which there is none.
 */
export async function fetchKeySet(
  url: string,
  dispatcher: Dispatcher,
  signal: AbortSignal,
  span: Span = NO_SPAN,
): Promise<FetchedKeySet> {
  const headers = ['accept', 'application/jwk-set+json, application/json', ...UNCODED];
  // undici does not follow redirects by default: the operator, not the network, decides where a provider's keys are.
  const body = new BoundedBuffer(MAX_ANSWER);
  let status = 0;
  let codings: string | undefined;
  await stream(url, { method: 'GET', dispatcher, signal, headers }, (response) => {
    status = response.statusCode;
    span.set('http.response.status_code', status);
    codings = response.headers['content-encoding']?.toString();
    return writerTo(body);
  });
  if (status !== 200) throw new Error(`the response has status ${status}`);
  return parseKeySet(decodeContent(body.bytes, codings, MAX_ANSWER).toString('utf8'));
}

/** Consumes each piece at once, so that none waits in a queue. */
function writerTo(body: BoundedBuffer): Writable {
  return new Writable({
    write(piece: Buffer, _, done) {
      done(body.add(piece) ? null : new Error(`the response is larger than ${MAX_ANSWER} bytes`));
    },
  });
}

/** @throws Error */
export function parseKeySet(text: string): FetchedKeySet {
  const keys = keysOf(text);
  return { find: createLocalJWKSet({ keys }), fingerprint: fingerprintOf(keys), size: keys.length };
}

function keysOf(text: string): JWK[] {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw new Error('the response is not JSON'); // a parser's message would quote it
  }
  const keys = (document as { keys?: unknown } | null)?.keys;
  if (!Array.isArray(keys)) throw new Error('the response is not a JSON Web Key Set');
  if (keys.length === 0) throw new Error('the key set is empty'); // an error of the provider, not a revocation of all tokens
  if (keys.length > MAX_KEYS) throw new Error(`the key set has more than ${MAX_KEYS} keys`);
  return keys;
}

function fingerprintOf(keys: readonly JWK[]): string {
  const texts = keys.map((key) => JSON.stringify(Object.entries(key).sort(([a], [b]) => (a < b ? -1 : 1))));
  return createHash('sha256').update(texts.sort().join('\n')).digest('base64url');
}
