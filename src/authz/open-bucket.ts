/** Authenticated → Authorized for buckets without a policy: everybody may upload. Said aloud at start and by `check`. */
import type { Authenticated, Authorized, Bucket } from '../domain/stages.ts';

export function authorizeOpenBucket<B extends Bucket>(request: Authenticated<B>): Authorized<B> {
  return { ...request, decision: { reason: 'no_policy' } };
}
