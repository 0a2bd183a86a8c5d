/**
 * The authenticator of anonymous buckets. Credentials in a request are ignored: a client that signs, even each chunk, is served like
 * one that does not.
 */
import type { ChunkSignatures, Identity } from '../domain/identity.ts';
import type { Routed } from '../domain/stages.ts';
import type { Proof } from './authenticator.ts';

export const NOBODY: Identity = { method: 'anonymous', subject: undefined, claims: {}, expiresAt: undefined };
const UNJUDGED: ChunkSignatures = { verifyChunk: () => true, verifyTrailer: () => true };

export function anonymousProof({ incoming }: Routed): Proof {
  const hash = incoming.headers['x-amz-content-sha256'] ?? 'UNSIGNED-PAYLOAD';
  return { identity: NOBODY, payload: { hash, chunks: UNJUDGED } };
}
