/** Routed → Authenticated for buckets that ask nobody who they are. Credentials that come along are neither read nor kept. */
import type { Authenticated, Bucket, Routed } from '../domain/stages.ts';

export function authenticateAnonymous<B extends Bucket>(request: Routed<B>): Authenticated<B> {
  return { ...request, identity: { method: 'anonymous', subject: undefined } };
}
