/** The identity behind a valid signature: the owner of the key, or the subject of the token in the request. */
import { Failure } from '../domain/failure.ts';
import type { AuthMethod, Identity } from '../domain/identity.ts';
import type { AuthAttributes } from './authenticator.ts';
import type { StoredCredentials } from './credentials-store.ts';
import type { TokenVerifier, VerifiedToken } from './token-verifier.ts';

/** @throws Failure token_refused, keys_unavailable; signature_refused if a token is missing or unexpected. */
export function signedIdentity(
  method: AuthMethod,
  { subject, token: needsToken }: StoredCredentials,
  sessionToken: string | undefined,
  tokens: TokenVerifier | undefined,
  attributes: AuthAttributes,
): Identity | Promise<Identity> {
  if (!needsToken) {
    if (sessionToken !== undefined) throw invalidToken('token_not_wanted');
    return { method, subject, claims: {}, expiresAt: undefined };
  }
  if (sessionToken === undefined || tokens === undefined) throw invalidToken('token_missing');
  const withToken = method === 'sigv4' ? 'sigv4+jwt' : method;
  attributes.method = withToken;
  const identity = ({ subject: owner, claims, expiresAt }: VerifiedToken): Identity => ({
    method: withToken,
    subject: owner,
    claims,
    expiresAt,
  });
  const verified = tokens.verify(sessionToken, attributes);
  return verified instanceof Promise ? verified.then(identity) : identity(verified);
}

function invalidToken(reason: string): Failure {
  const message = 'The security token does not belong to the access key.';
  return new Failure('signature_refused', message, { reason, code: 'InvalidToken', status: 400 });
}
