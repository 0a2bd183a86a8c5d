/** The policy engines of a bucket, from its section `authz`. */
import type { Authorizer } from '../../authz/authorizer.ts';
import { createOpa } from '../../authz/opa.ts';
import { createOpenFga } from '../../authz/openfga.ts';
import type { AuthzConfig } from '../../config/authz.ts';
import type { AppContext } from '../context.ts';
import type { Lifetime } from '../lifetime.ts';

/** @returns in the order of the queries; none where authentication is enough. */
export function openAuthz(
  { enabled, opa, openfga }: AuthzConfig,
  bucket: string,
  lifetime: Lifetime,
  { watch }: AppContext,
): readonly Authorizer[] {
  if (!enabled) return [];
  const authorizers: Authorizer[] = [];
  if (opa !== undefined) authorizers.push(createOpa(opa, { bucket, watch }));
  if (openfga !== undefined) authorizers.push(createOpenFga(openfga, { bucket, watch }));
  for (const authorizer of authorizers) lifetime.onClose(() => authorizer.close());
  return authorizers;
}
