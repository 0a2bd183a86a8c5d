/** The face of token verification: what a bearer token and a session token have in common. */
import type { AuthAttributes } from './authenticator.ts';

export interface VerifiedToken {
  readonly subject: string;
  readonly claims: Readonly<Record<string, unknown>>;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

export interface TokenVerifier {
  /**
   * @param attributes is told `keyId` (the token's `kid`) and `keySource`.
   * @returns the token's content; a promise only where it had to be verified anew.
   * @throws Failure token_refused or keys_unavailable, with a `reason`.
   */
  verify(token: string, attributes: AuthAttributes): VerifiedToken | Promise<VerifiedToken>;
}
