/** From the section `authz` of a bucket to its policy engines. */
import type { Authorizer } from '../authz/authorizer.ts';
import type { AuthzConfig } from '../config/authz.ts';
import type { BucketParts, Surroundings } from './surroundings.ts';

/** @returns none where whoever is known may upload. */
export function openAuthz(
  { enabled }: AuthzConfig,
  _bucket: string,
  _parts: BucketParts,
  _surroundings: Surroundings,
): readonly Authorizer[] {
  if (!enabled) return [];
  throw new Error('authz is not wired yet');
}
