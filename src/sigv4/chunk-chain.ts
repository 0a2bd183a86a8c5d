/**
 * The chain of chunk signatures: each covers the previous one, the first covers the signature of the request, so that no chunk can
 * be changed, moved, repeated or omitted. Amazon S3 API Reference, "Signature Calculations for the Authorization Header:
 * Transferring Payload in Multiple Chunks" and "… Including Trailing Headers".
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { ChunkSignatures, ChunkSigner } from '../domain/identity.ts';
import type { SigningKey } from './signing-key.ts';

const CHUNK = 'AWS4-HMAC-SHA256-PAYLOAD';
const TRAILER = 'AWS4-HMAC-SHA256-TRAILER';
const EMPTY_SHA256 = createHash('sha256').digest('hex');

/** The values of `x-amz-content-sha256` for bodies with signed chunks. */
export const SIGNED_CHUNKS: ReadonlySet<string> = new Set([
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
]);

/**
 * The chain of one body. A wrong signature does not advance it.
 * @param signingKey derived for this scope, instead of the secret key.
 * @param date `YYYYMMDD'T'HHMMSS'Z'`, the signing date of the request.
 * @param scope the credential scope, as in the string to sign.
 * @param seedSignature the verified signature of the request.
 */
export function chunkChain(
  signingKey: SigningKey,
  date: string,
  scope: string,
  seedSignature: string,
): ChunkSignatures {
  const chain = new Chain(signingKey, date, scope, seedSignature);
  return {
    verifyChunk: (sha256, signature) => chain.accepts(CHUNK, `${EMPTY_SHA256}\n${sha256}`, signature),
    verifyTrailer: (sha256, signature) => chain.accepts(TRAILER, sha256, signature),
  };
}

/** The same chain for signing. The parameters are those of `chunkChain`. */
export function chunkSigner(signingKey: SigningKey, date: string, scope: string, seedSignature: string): ChunkSigner {
  const chain = new Chain(signingKey, date, scope, seedSignature);
  return {
    signChunk: (sha256) => chain.sign(CHUNK, `${EMPTY_SHA256}\n${sha256}`),
    signTrailer: (sha256) => chain.sign(TRAILER, sha256),
  };
}

class Chain {
  readonly #signingKey: SigningKey;
  readonly #head: string;
  #previous: string;

  constructor(signingKey: SigningKey, date: string, scope: string, seedSignature: string) {
    this.#signingKey = signingKey;
    this.#head = `${date}\n${scope}`;
    this.#previous = seedSignature;
  }

  sign(algorithm: string, hashes: string): string {
    this.#previous = this.#next(algorithm, hashes);
    return this.#previous;
  }

  accepts(algorithm: string, hashes: string, signature: string): boolean {
    const expected = this.#next(algorithm, hashes);
    if (!isSameSignature(signature, expected)) return false;
    this.#previous = expected;
    return true;
  }

  #next(algorithm: string, hashes: string): string {
    return this.#signingKey.sign(`${algorithm}\n${this.#head}\n${this.#previous}\n${hashes}`);
  }
}

/** Constant-time comparison. */
export function isSameSignature(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
