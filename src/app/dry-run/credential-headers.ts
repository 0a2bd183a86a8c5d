/** The headers by which a client would authenticate: a signature with a configured key, or a bearer token. */
import { randomBytes } from 'node:crypto';
import type { BucketConfig } from '../../config/bucket.ts';
import type { Incoming } from '../../domain/stages.ts';
import { signRequest } from '../../sigv4/sign-request.ts';
import { SigningKeys } from '../../sigv4/signing-key.ts';
import { openAuth } from '../bucket/auth.ts';
import type { AppContext } from '../context.ts';
import type { Lifetime } from '../lifetime.ts';

const HEADERS = { host: 'localhost' };

/**
 * Signs with the secret of the configuration: the operator who runs this has it. An access key that is not configured signs with
 * a random secret.
 * @param as a token, an access key, or undefined for a client without credentials.
 */
export async function credentialHeaders(
  bucket: BucketConfig,
  { method, path }: { readonly method: string; readonly path: string },
  as: string | undefined,
  lifetime: Lifetime,
  context: AppContext,
): Promise<Incoming['headers']> {
  if (as === undefined) return HEADERS;
  const key = (await openAuth(bucket, lifetime, context))?.ring?.find(as);
  if (key === undefined && as.includes('.')) return { ...HEADERS, authorization: `Bearer ${as}` };
  const credentials = { accessKey: as, keys: key?.keys ?? new SigningKeys(randomBytes(30).toString('base64')) };
  const region = bucket.auth.sigv4?.region ?? 'us-east-1';
  const request = { method, path, query: [], headers: HEADERS, payloadHash: 'UNSIGNED-PAYLOAD', region };
  return signRequest(request, credentials, new Date()).headers;
}
