/** The interface of token verification, for bearer tokens and session tokens. */
import type { AuthAttributes } from './authenticator.ts';

export interface VerifiedToken {
  readonly subject: string;
  readonly claims: Readonly<Record<string, unknown>>;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

export interface TokenVerifier {
  /**
   * @param attributes gets `keyId` (the token's `kid`) and `keySource`.
   * @returns the token's content; a promise only if it is not cached.
   * @throws Failure token_refused or keys_unavailable, with a `reason`.
   */
  verify(token: string, attributes: AuthAttributes): VerifiedToken | Promise<VerifiedToken>;
}
