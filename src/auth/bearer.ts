/** The authenticator of `Authorization: Bearer` (RFC 6750, section 2.1): the bearer of the token is its subject. */
import type { Identity } from '../domain/identity.ts';
import type { Incoming } from '../domain/stages.ts';
import type { Authenticator, Proof } from './authenticator.ts';
import { refusal } from './jwt/refusals.ts';
import type { TokenVerifier, VerifiedToken } from './token-verifier.ts';

export function bearerAuthenticator(verifier: TokenVerifier): Authenticator {
  return {
    method: 'jwt',
    kinds: ['bearer'],
    authenticate({ incoming }, attributes) {
      const token = verifier.verify(bearerToken(incoming), attributes);
      return token instanceof Promise
        ? token.then((verified) => proofOf(verified, incoming))
        : proofOf(token, incoming);
    },
  };
}

function proofOf({ subject, claims, expiresAt }: VerifiedToken, { headers }: Incoming): Proof {
  const identity: Identity = { method: 'jwt', subject, claims, expiresAt };
  return { identity, payload: { hash: headers['x-amz-content-sha256'] ?? 'UNSIGNED-PAYLOAD', chunks: undefined } };
}

/** @throws Failure token_refused without a token, or with more than one. */
function bearerToken({ received: { authorization } }: Incoming): string {
  const token = typeof authorization === 'string' ? /^bearer +([^ ]+)$/i.exec(authorization)?.[1] : undefined;
  if (token === undefined) throw refusal('token_malformed');
  return token;
}
