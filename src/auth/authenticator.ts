/** An authenticator reads one kind of credentials and returns the identity of the caller, or refuses. One file each. */
import type { AuthMethod, Identity, Payload } from '../domain/identity.ts';
import type { Span } from '../domain/span.ts';
import type { Routed } from '../domain/stages.ts';

/** The outcome of a successful authentication. */
export interface Proof {
  readonly identity: Identity;
  readonly payload: Payload;
}

/** Attributes of `auth.verify`, also of a refusal: set by the authenticator, written to the span. */
export interface AuthAttributes {
  method: AuthMethod;
  /** Access key or `kid`; goes to the span as a keyed hash only. */
  keyId: string | undefined;
  /** The origin of the identity provider's keys. */
  keySource: 'cached' | 'fetched' | 'stale' | undefined;
  /** How long the request waited for the keys of an identity provider. */
  keysWaitSeconds?: number;
  /** The span of the authentication, for the span of a fetch. */
  readonly span?: Span;
}

export interface Authenticator {
  /** The method before verification. */
  readonly method: AuthMethod;
  /** Names of the kinds of credentials that it verifies. */
  readonly kinds: readonly string[];
  /**
   * Uses headers, query and form fields, never the body.
   * @throws Failure with a `reason`: unauthenticated, signature_refused, token_refused, keys_unavailable, form_refused, policy_violated.
   */
  authenticate(request: Routed, attributes: AuthAttributes): Proof | Promise<Proof>;
}
