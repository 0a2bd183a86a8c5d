/** Routed → Authenticated: finds the credentials of a request and the authenticator that verifies them, inside `auth.verify`. */

import { performance } from 'node:perf_hooks';
import type { AuthObserver } from '../domain/auth-observer.ts';
import { asFailure, Failure } from '../domain/failure.ts';
import type { Span } from '../domain/span.ts';
import type { Authenticated, Bucket, Routed } from '../domain/stages.ts';
import { whileWanted } from '../domain/while-wanted.ts';
import { anonymousProof } from './anonymous.ts';
import type { AuthAttributes, Authenticator, Proof } from './authenticator.ts';
import { credentialKinds } from './credential-kind.ts';
import type { Pseudonyms } from './pseudonyms.ts';
import { CREDENTIAL_KINDS } from './schemes.ts';

/** A bucket as authentication sees it. */
export interface AuthBucket extends Bucket {
  /** Undefined: every caller is anonymous. */
  readonly authenticators: readonly Authenticator[] | undefined;
}

export interface AuthTools {
  readonly watch: AuthObserver;
  readonly pseudonyms: Pseudonyms;
}

export type AuthenticateStage<B extends AuthBucket> = (request: Routed<B>) => Promise<Authenticated<B>>;

export function createAuthenticate<B extends AuthBucket>({ watch, pseudonyms }: AuthTools): AuthenticateStage<B> {
  return async (request) => {
    const { span: root } = request.incoming;
    const span = root.child('auth.verify', 'internal');
    const started = performance.now();
    const attributes: AuthAttributes = { method: 'anonymous', keyId: undefined, keySource: undefined, span };
    let result = 'accepted';
    try {
      const judged = judge(request, attributes);
      const { signal } = request.incoming;
      const { identity, payload } = judged instanceof Promise ? await whileWanted(judged, signal) : judged;
      attributes.method = identity.method;
      span.set('auth.result', 'accepted');
      pseudonyms.showSubject(root, identity.subject);
      return { ...request, identity, payload };
    } catch (thrown) {
      const failure = asFailure(thrown);
      result = failure.type;
      sayRefused(span, failure);
      throw failure;
    } finally {
      const method = result === 'unauthenticated' ? 'none' : attributes.method;
      span.set('auth.method', method);
      pseudonyms.showKey(span, attributes.keyId);
      span.set('auth.jwks', attributes.keySource);
      if (attributes.keysWaitSeconds !== undefined) span.set('auth.jwks_wait_seconds', attributes.keysWaitSeconds);
      watch.authenticated(request.bucket.name, method, result, (performance.now() - started) / 1000, root);
      span.end();
    }
  };
}

function judge(request: Routed<AuthBucket>, attributes: AuthAttributes): Proof | Promise<Proof> {
  const { authenticators } = request.bucket;
  if (authenticators === undefined) return anonymousProof(request);
  const kind = onlyKind(request, authenticators);
  const authenticator = authenticators.find(({ kinds }) => kinds.includes(kind));
  if (authenticator === undefined)
    throw unauthenticated('credential_kind_not_accepted', authenticators, KIND_NOT_ACCEPTED);
  attributes.method = authenticator.method;
  return authenticator.authenticate(request, attributes);
}

const KIND_NOT_ACCEPTED =
  'Authentication required: this bucket does not accept this kind of credentials. Use a scheme of the WWW-Authenticate header.';

function onlyKind(request: Routed, authenticators: readonly Authenticator[]): string {
  const kinds = credentialKinds(request);
  if (kinds.length > 1) throw new Failure('ambiguous_credentials', undefined, { reason: 'two_kinds' });
  const [kind] = kinds;
  if (kind === undefined) throw unauthenticated('no_credential', authenticators);
  if (kind === 'unknown') throw unauthenticated('unknown_scheme', authenticators);
  return kind;
}

/** RFC 9110, section 11.6.1: the challenge lists the schemes that the bucket accepts. */
function unauthenticated(reason: string, authenticators: readonly Authenticator[], message?: string): Failure {
  const accepted = authenticators.flatMap(({ kinds }) => kinds);
  const challenges = CREDENTIAL_KINDS.flatMap(({ name, challenge }) =>
    challenge !== undefined && accepted.includes(name) ? [challenge] : [],
  );
  return new Failure('unauthenticated', message, {
    reason,
    status: challenges.some(({ status }) => status === 401) ? 401 : 403,
    headers: { 'www-authenticate': challenges.map(({ scheme }) => scheme).join(', ') },
  });
}

/** A refusal is an error of the caller; only an unavailable verification is an error of the gateway. */
function sayRefused(span: Span, failure: Failure): void {
  // A client that leaves meanwhile was neither accepted nor refused.
  if (!failure.shape.isCancellation) {
    span.set('auth.result', failure.status >= 500 ? 'unavailable' : 'refused');
    span.set('auth.reason', failure.reason);
  }
  span.fail(failure.type);
}
