/**
 * The authenticator of AWS Signature Version 4, in the header or in the query. With the access
 * key of clients with a token, the signature proves only that the request is unchanged. The session token then names the subject.
 */
import { Failure } from '../domain/failure.ts';
import type { Identity } from '../domain/identity.ts';
import type { Routed } from '../domain/stages.ts';

import type { Refusal } from '../sigv4/refusals.ts';
import { SignerCache } from '../sigv4/signer-cache.ts';
import { type Verified, verifyRequest } from '../sigv4/verify.ts';
import type { AuthAttributes, Authenticator, Proof } from './authenticator.ts';
import type { CredentialsStore, StoredCredentials } from './credentials-store.ts';
import { signedIdentity } from './signed-identity.ts';
import type { TokenVerifier } from './token-verifier.ts';

export interface SigV4Options {
  /** The region that requests must be signed for. */
  readonly region: string;
  readonly credentials: CredentialsStore;
  /** Verifies session tokens; undefined if they are not accepted. */
  readonly tokens: TokenVerifier | undefined;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

export function sigv4Authenticator({ region, credentials, tokens, now = Date.now }: SigV4Options): Authenticator {
  const signers = new SignerCache();
  return {
    method: 'sigv4',
    kinds: ['sigv4_header', 'sigv4_query'],
    authenticate(request, attributes) {
      const verified = verify(request, credentials, now(), signers, attributes);
      if (verified.scope.region !== region) throw wrongRegion(verified, region);
      const payload = { hash: verified.payloadHash, chunks: verified.chunks };
      const key = credentials.find(verified.accessKey) as StoredCredentials;
      const identity = signedIdentity('sigv4', key, verified.sessionToken, tokens, attributes);
      return identity instanceof Promise ? identity.then(proof) : proof(identity);
      function proof(found: Identity): Proof {
        return { identity: found, payload };
      }
    },
  };
}

function verify(
  { incoming }: Routed,
  credentials: CredentialsStore,
  now: number,
  signers: SignerCache,
  attributes: AuthAttributes,
): Verified {
  const { method, rawPath: path, query, received } = incoming;
  let accessKey = '';
  const find = (name: string) => {
    accessKey = name;
    const key = credentials.find(name);
    if (key === undefined) return undefined;
    attributes.keyId = name;
    return { keys: key.keys, acceptsToken: (token: string | undefined) => (token !== undefined) === key.token };
  };
  const verdict = verifyRequest({ method, path, query, received }, find, now, signers);
  if (!verdict.accepted) throw refused(verdict, accessKey);
  return verdict;
}

/** With the canonical request and the string to sign, as S3 has them, so that the client's developer can compare. */
function refused(
  { reason, code, status, message, canonicalRequest, stringToSign }: Refusal,
  accessKey: string,
): Failure {
  const details: Record<string, string> = {};
  if (canonicalRequest !== undefined && stringToSign !== undefined) {
    details.AWSAccessKeyId = accessKey;
    details.StringToSign = stringToSign;
    details.CanonicalRequest = canonicalRequest;
  }
  return new Failure('signature_refused', message, { reason, code, status, details });
}

function wrongRegion({ form, scope }: Verified, region: string): Failure {
  const code = form === 'header' ? 'AuthorizationHeaderMalformed' : 'AuthorizationQueryParametersError';
  const message = `The request is signed for the region '${scope.region}'; '${region}' is expected.`;
  return new Failure('signature_refused', message, {
    reason: 'wrong_region',
    code,
    status: 400,
    details: { Region: region },
  });
}
