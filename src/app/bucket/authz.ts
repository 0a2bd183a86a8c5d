/** From the section `authz` of a bucket to its policy engines. */
import type { Authorizer } from '../../authz/authorizer.ts';
import { createEngine } from '../../authz/engine.ts';
import { configuredEngines } from '../../authz/engines.ts';
import type { AuthzConfig } from '../../config/authz.ts';
import type { AppContext } from '../context.ts';
import type { Lifetime } from '../lifetime.ts';

/** @returns none if every authenticated caller may upload; else in the order in which they are called. */
export function openAuthz(
  authz: AuthzConfig,
  bucket: string,
  lifetime: Lifetime,
  { watch }: AppContext,
): readonly Authorizer[] {
  if (!authz.enabled) return [];
  const authorizers = configuredEngines(authz).map(({ engine, options }) =>
    createEngine(engine, options, { bucket, watch }),
  );
  for (const authorizer of authorizers) lifetime.onClose(() => authorizer.close());
  return authorizers;
}
