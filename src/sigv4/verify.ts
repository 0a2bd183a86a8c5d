/**
 * Verifies a request that is signed in its headers or in its query (AWS Signature Version 4, "Authenticating Requests: Using
 * the Authorization Header" and "… Using Query Parameters"). Pure: the verdict contains the reason for a rejection.
 */
import { isAddedOnTheWay } from '../domain/find-request-header.ts';
import type { ChunkSignatures } from '../domain/identity.ts';
import type { ReceivedHeaders } from '../domain/received-headers.ts';
import { canonicalPath, canonicalRequest, type Query, stringToSign } from './canonical-request.ts';
import { chunkChain, isSameSignature, SIGNED_CHUNKS } from './chunk-chain.ts';
import type { Claim } from './claim.ts';
import { claimInHeader } from './claim-in-header.ts';
import { claimInQuery, SIGNATURE_PARAMETER } from './claim-in-query.ts';
import { HeaderIndex } from './header-index.ts';
import { type Refusal, refuse, SignatureRefused, type SignedText } from './refusals.ts';
import { SignerCache } from './signer-cache.ts';
import type { Scope, SigningKey, SigningKeys } from './signing-key.ts';

export interface RequestToVerify {
  readonly method: string;
  /** The path as received. */
  readonly path: string;
  /** Decoded parameters, duplicates included. */
  readonly query: Query;
  readonly received: ReceivedHeaders;
}

/** The credentials of an access key. */
export interface KnownKey {
  readonly keys: SigningKeys;
  /** The required token of temporary credentials. */
  readonly sessionToken?: string | undefined;
  /** Accepts the token instead, if it is not known in advance: a JWT, which is verified later. */
  readonly acceptsToken?: (token: string | undefined) => boolean;
}

export interface Verified {
  readonly accepted: true;
  readonly form: Claim['form'];
  readonly accessKey: string;
  readonly scope: Scope;
  /** `YYYYMMDD'T'HHMMSS'Z'`, as signed. */
  readonly date: string;
  /** The seed of the chunk signatures. */
  readonly signature: string;
  /** The signed `x-amz-content-sha256`. It alone determines the kind of body. */
  readonly payloadHash: string;
  /** Verifies the chunks of the body, if `payloadHash` is for signed chunks. */
  readonly chunks: ChunkSignatures | undefined;
  /** `x-amz-security-token`, as signed. */
  readonly sessionToken: string | undefined;
}

export type Verdict = Verified | Refusal;

/** Maximum clock skew of a signer, in milliseconds (Amazon S3 API Reference, "RequestTimeTooSkewed"). */
const MAX_SKEW = 15 * 60 * 1000;

/**
 * @param findKey returns the credentials of an access key, or undefined.
 * @param now milliseconds since the epoch.
 * @param signers of earlier requests with the same keys; none by default.
 */
export function verifyRequest(
  request: RequestToVerify,
  findKey: (accessKey: string) => KnownKey | undefined,
  now: number,
  signers: SignerCache = new SignerCache(),
): Verdict {
  try {
    return verify(request, findKey, now, signers);
  } catch (error) {
    if (error instanceof SignatureRefused) return error.refusal;
    throw error;
  }
}

function verify(
  request: RequestToVerify,
  findKey: (accessKey: string) => KnownKey | undefined,
  now: number,
  signers: SignerCache,
): Verified {
  const headers = new HeaderIndex(request.received);
  const claim = findClaim(request.query, headers, signers);
  const known = findKey(claim.accessKey) ?? refuse('unknown_access_key');
  checkTime(claim, now);
  if (!acceptsToken(known, claim.sessionToken)) refuse('invalid_token');
  checkSignedHeaders(claim, headers);
  const signingKey = known.keys.of(claim.scope);
  const { scope, date, signature, payloadHash } = claim;
  checkSignature(request, claim, headers, signingKey);
  if (claim.form === 'header' && !claim.isKnown) signers.add(headers.once('authorization') as string, claim);
  const chunks = SIGNED_CHUNKS.has(payloadHash) ? chunkChain(signingKey, date, signingKey.scope, signature) : undefined;
  const { form, accessKey, sessionToken } = claim;
  return { accepted: true, form, accessKey, scope, date, signature, payloadHash, chunks, sessionToken };
}

function acceptsToken(known: KnownKey, token: string | undefined): boolean {
  return known.acceptsToken === undefined ? token === known.sessionToken : known.acceptsToken(token);
}

/** A request must be signed in one place only: a second claim is rejected, even next to a valid one. */
function findClaim(query: Query, headers: HeaderIndex, signers: SignerCache): Claim {
  const authorization = headers.once('authorization');
  const inQuery = query.some(([name]) => SIGNATURE_PARAMETER.test(name));
  if (authorization !== undefined && inQuery) refuse('two_mechanisms');
  if (inQuery) return claimInQuery(query, headers);
  return authorization === undefined ? refuse('anonymous') : claimInHeader(authorization, headers, signers);
}

function checkTime(claim: Claim, now: number): void {
  if (claim.expiresSeconds === undefined) {
    if (Math.abs(now - claim.time) > MAX_SKEW) refuse('skewed');
    return;
  }
  if (claim.time - now > MAX_SKEW) refuse('not_yet_valid');
  if (now > claim.time + claim.expiresSeconds * 1000) refuse('expired');
}

/**
 * `host` and every `x-amz-*` header must be signed: they affect S3, so none may be added in transit. Exceptions are proxy headers
 * without effect in S3, such as `x-amz-cf-id`. Other headers may be added, such as `traceparent`.
 */
function checkSignedHeaders(claim: Claim, headers: HeaderIndex): void {
  const signed = new Set(claim.signedHeaders);
  if (!signed.has('host')) refuse('unsigned_header', 'The header host is not signed.');
  for (const name of headers.names()) {
    if (name.startsWith('x-amz-') && !signed.has(name) && !isAddedOnTheWay(name))
      refuse('unsigned_header', `The header ${name.slice(0, 80)} is not signed.`);
  }
}

/** Signers encode the path as AWS documents it, whatever the HTTP client sends; some sign the path as sent. */
function checkSignature(request: RequestToVerify, claim: Claim, headers: HeaderIndex, key: SigningKey): void {
  const path = canonicalPath(request.path);
  const expected = signedText(request, path, claim, headers, key.scope);
  const isSigned = ({ stringToSign: text }: SignedText): boolean => isSameSignature(claim.signature, key.sign(text));
  if (isSigned(expected)) return;
  if (path !== request.path && isSigned(signedText(request, request.path, claim, headers, key.scope))) return;
  refuse('wrong_signature', undefined, expected);
}

function signedText(
  request: RequestToVerify,
  path: string,
  claim: Claim,
  headers: HeaderIndex,
  scope: string,
): SignedText {
  const canonical = canonicalOf(request, path, claim, headers);
  return { canonicalRequest: canonical, stringToSign: stringToSign(claim.date, scope, canonical) };
}

function canonicalOf(request: RequestToVerify, path: string, claim: Claim, headers: HeaderIndex): string {
  return canonicalRequest({
    method: request.method,
    path,
    query: claim.form === 'header' ? request.query : request.query.filter(([name]) => name !== 'X-Amz-Signature'),
    valueOf: (name) => headers.asSigned(name),
    signedHeaders: claim.signedHeaders,
    payloadHash: claim.payloadHash,
  });
}
