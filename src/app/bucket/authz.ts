/** The policy engines of a bucket, from its section `authz`. */
import type { Authorizer } from '../../authz/authorizer.ts';
import { createEngine } from '../../authz/engine.ts';
import { configuredEngines } from '../../authz/engines.ts';
import type { AuthzConfig } from '../../config/authz.ts';
import { Reachable } from '../../kit/reachable.ts';
import type { AppContext } from '../context.ts';
import type { Lifetime } from '../lifetime.ts';

/** @returns in the order of the queries; none where authentication is enough. */
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
  for (const { options } of configuredEngines(authz)) {
    const reachable = new Reachable(options.url);
    lifetime.onClose(() => reachable.close());
    lifetime.needs({ kind: 'policy', target: options.url, check: (signal) => reachable.check(signal) });
  }
  return authorizers;
}
