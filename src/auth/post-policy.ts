/**
 * The authenticator of POST forms with a signed policy: the caller is the signer, and may upload only what the policy allows. The
 * signature is verified before the policy is read.
 */
import { Failure } from '../domain/failure.ts';
import type { Identity, Payload } from '../domain/identity.ts';
import type { LengthBounds, Routed } from '../domain/stages.ts';
import { isSameSignature } from '../sigv4/chunk-chain.ts';
import type { AuthAttributes, Authenticator, Proof } from './authenticator.ts';
import type { CredentialsStore, StoredCredentials } from './credentials-store.ts';
import { claimOfForm, type FormClaim } from './post-policy/form-claim.ts';
import { judgeLengths, judgePolicy } from './post-policy/judge-policy.ts';
import { type Policy, parsePolicy } from './post-policy/policy-document.ts';
import { signedIdentity } from './signed-identity.ts';
import type { SigV4Options } from './sigv4.ts';

export function postPolicyAuthenticator({ region, credentials, tokens, now = Date.now }: SigV4Options): Authenticator {
  return {
    method: 'post_policy',
    kinds: ['post_policy'],
    authenticate(request, attributes) {
      const fields = request.form?.fields ?? new Map();
      const claim = claimOfForm(fields);
      const key = signerOf(claim, region, credentials, attributes);
      const policy = parsePolicy(claim.policy);
      judgePolicy(policy, { ...uploadOf(request), fields }, now());
      const payload = payloadOf(request, policy);
      const identity = signedIdentity('post_policy', key, claim.sessionToken, tokens, attributes);
      const proof = (found: Identity): Proof => ({ identity: endingWith(policy, found), payload });
      return identity instanceof Promise ? identity.then(proof) : proof(identity);
    },
  };
}

function uploadOf({ bucket, key, incoming }: Routed): { bucket: string; key: string; fileLength: LengthBounds } {
  const { length, bounds } = incoming.body;
  const fileLength = length === undefined ? bounds : { least: length, most: length };
  if (fileLength === undefined) throw new Failure('missing_content_length');
  return { bucket: bucket.name, key, fileLength };
}

/** @throws Failure signature_refused. */
function signerOf(
  claim: FormClaim,
  region: string,
  credentials: CredentialsStore,
  attributes: AuthAttributes,
): StoredCredentials {
  if (claim.scope.region !== region) throw wrongRegion(claim, region);
  const key = credentials.find(claim.accessKey);
  if (key === undefined) throw unknownKey(claim);
  attributes.keyId = claim.accessKey;
  if (isSameSignature(claim.signature, key.keys.of(claim.scope).sign(claim.policy))) return key;
  const details = {
    AWSAccessKeyId: claim.accessKey,
    StringToSign: claim.policy,
    SignatureProvided: claim.signature,
  };
  throw new Failure('signature_refused', undefined, { reason: 'wrong_signature', details });
}

/** Neither the policy nor its token outlives the other. */
function endingWith({ expiresAt }: Policy, identity: Identity): Identity {
  return { ...identity, expiresAt: Math.min(expiresAt, identity.expiresAt ?? expiresAt) };
}

/** The signature does not cover the file's bytes, but may limit their number, which may be known only at the end. */
function payloadOf({ incoming }: Routed, policy: Policy): Payload {
  const payload = { hash: 'UNSIGNED-PAYLOAD', chunks: undefined };
  if (incoming.body.length !== undefined) return payload;
  return { ...payload, judgeLength: (bytes) => judgeLengths(policy, { least: bytes, most: bytes }) };
}

function wrongRegion({ scope }: FormClaim, region: string): Failure {
  const message = `The form is signed for the region '${scope.region}'; '${region}' is expected.`;
  const details = { ArgumentName: 'X-Amz-Credential', Region: region };
  const options = { reason: 'wrong_region', code: 'InvalidArgument', status: 400, details };
  return new Failure('signature_refused', message, options);
}

function unknownKey({ accessKey }: FormClaim): Failure {
  const options = { reason: 'unknown_access_key', code: 'InvalidAccessKeyId', details: { AWSAccessKeyId: accessKey } };
  return new Failure('signature_refused', 'The access key does not exist.', options);
}
