/** What an authenticator is: it reads one kind of credential and says who the caller is, or refuses. One file each. */
import type { AuthMethod, Identity, Payload } from '../domain/identity.ts';
import type { Routed } from '../domain/stages.ts';

/** What has been proven. */
export interface Proof {
  readonly identity: Identity;
  readonly payload: Payload;
}

/** What was learned on the way, even where it ended in a refusal: filled in by the authenticator, written to the span. */
export interface AuthAttributes {
  method: AuthMethod;
  /** Access key or `kid`; goes to the span as a keyed hash only. */
  keyId: string | undefined;
  /** How the identity provider's keys were had. */
  keySource: 'cached' | 'fetched' | 'stale' | undefined;
}

export interface Authenticator {
  /** The method as long as nothing better is known. */
  readonly method: AuthMethod;
  /** Names of the kinds of credentials that it verifies. */
  readonly kinds: readonly string[];
  /**
   * Judges headers, query and form fields, never the body.
   * @throws Failure with a `reason`: unauthenticated, signature_refused, token_refused, keys_unavailable, form_refused, policy_violated.
   */
  authenticate(request: Routed, attributes: AuthAttributes): Proof | Promise<Proof>;
}
