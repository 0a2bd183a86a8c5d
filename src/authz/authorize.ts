/** Resolved → Authorized: every policy engine of the bucket must allow the request. Inside the span `authz.check`. */

import { performance } from 'node:perf_hooks';
import type { AuthObserver, AuthorizationOutcome } from '../domain/auth-observer.ts';
import { asFailure, Failure } from '../domain/failure.ts';
import type { Span } from '../domain/span.ts';
import type { Authorized, Bucket, Resolved } from '../domain/stages.ts';
import type { Authorizer, Verdict } from './authorizer.ts';

/** A bucket as authorization sees it. */
export interface PolicyBucket extends Bucket {
  /** Empty: every authenticated caller may upload. */
  readonly authorizers: readonly Authorizer[];
}

export type AuthorizeStage<B extends PolicyBucket> = (request: Resolved<B>) => Promise<Authorized<B>> | Authorized<B>;

export function createAuthorize<B extends PolicyBucket>(watch: AuthObserver): AuthorizeStage<B> {
  return (request) => {
    if (request.bucket.authorizers.length === 0) return { ...request, decision: { reason: 'no_policy' } };
    return check(request, watch);
  };
}

async function check<B extends PolicyBucket>(request: Resolved<B>, watch: AuthObserver): Promise<Authorized<B>> {
  const span = request.incoming.span.child('authz.check', 'internal');
  try {
    const verdicts: Verdict[] = [];
    for (const authorizer of request.bucket.authorizers) {
      const verdict = await ask(authorizer, request, span, watch);
      verdicts.push(verdict);
      if (!verdict.allow) break;
    }
    span.set(
      'authz.cached',
      verdicts.every(({ cached }) => cached),
    );
    const denied = verdicts.find(({ allow }) => !allow);
    const reason = (denied ?? verdicts[0])?.reason ?? 'no_policy';
    span.set('authz.decision', denied === undefined ? 'allow' : 'deny');
    span.set('authz.reason', reason);
    if (denied !== undefined) throw new Failure('access_denied', undefined, { reason: 'policy_denied' });
    return { ...request, decision: { reason } };
  } catch (thrown) {
    const failure = asFailure(thrown);
    if (failure.type !== 'access_denied' && !failure.shape.isCancellation) {
      span.set('authz.decision', 'error');
      span.set('authz.reason', failure.reason);
      if (failure.reason === 'breaker_open') span.set('authz.breaker', 'open');
    }
    span.fail(failure.type);
    throw failure;
  } finally {
    span.end();
  }
}

async function ask(authorizer: Authorizer, request: Resolved, span: Span, watch: AuthObserver): Promise<Verdict> {
  let started = performance.now();
  const { bucket, incoming } = request;
  const tell = (decision: AuthorizationOutcome, cached: boolean): void =>
    watch.decided(
      bucket.name,
      authorizer.engine,
      decision,
      cached,
      (performance.now() - started) / 1000,
      incoming.span,
    );
  try {
    const verdict = await authorizer.decide(request, span, (millis) => {
      started += millis; // waiting for a slot is not time of the engine
    });
    tell(verdict.allow ? 'allow' : 'deny', verdict.cached);
    return verdict;
  } catch (thrown) {
    // A disconnect or a full queue is not an error of the engine: clients could raise its error rate at will.
    const failure = asFailure(thrown);
    if (!failure.shape.isCancellation && failure.type !== 'overloaded') tell('error', false);
    throw thrown;
  }
}
