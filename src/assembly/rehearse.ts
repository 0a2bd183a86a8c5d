/** A dry run: who a caller would be, and what each policy engine would say of one upload. Nothing is sent to a store. */
import { NOBODY } from '../auth/anonymous.ts';
import type { AuthAttributes } from '../auth/authenticator.ts';
import { signedIdentity } from '../auth/signed-identity.ts';
import type { Config } from '../config/config.ts';
import { type Engine, NO_OBSERVER } from '../domain/auth-observer.ts';
import { asFailure, Failure } from '../domain/failure.ts';
import type { Identity } from '../domain/identity.ts';
import { NO_SPAN } from '../domain/span.ts';
import type { Bucket, Incoming, Resolved } from '../domain/stages.ts';
import { percentEncodePath } from '../kit/percent.ts';
import { findBucket } from '../router/find-bucket.ts';
import { type OpenedAuth, openAuth } from './open-auth.ts';
import { openAuthz } from './open-authz.ts';
import { placeOf } from './open-buckets.ts';
import type { BucketParts, Surroundings } from './surroundings.ts';

export interface Rehearsal {
  readonly bucket: string;
  readonly key: string;
  /** Who it would be, or why nobody. */
  readonly identity: Identity | Failure;
  /** What the engines say, in the order in which they are asked; empty if nobody is known, or no engine is configured. */
  readonly verdicts: readonly EngineVerdict[];
}

export interface EngineVerdict {
  readonly engine: Engine;
  readonly decision: 'allow' | 'deny' | 'error';
  readonly reason: string;
}

/**
 * @param as a token, an access key, or undefined for a caller without credentials.
 * @param put path of the object as a client would PUT it, decoded.
 * @throws Failure if no bucket has the path; Error if a part of the bucket cannot be opened.
 */
export async function rehearse(
  { buckets, upload }: Config,
  as: string | undefined,
  put: string,
  around: Omit<Surroundings, 'watch'>,
): Promise<Rehearsal> {
  const rawPath = percentEncodePath(put.startsWith('/') ? put : `/${put}`);
  const routes = buckets.map((config) => ({ ...placeOf(config, upload), bucket: { ...config, storeBucket: '' } }));
  const { route, key } = findBucket(routes, { rawPath, hostBucket: undefined });
  const config = route.bucket;
  const surroundings = { ...around, watch: NO_OBSERVER };
  const parts: BucketParts = { opened: [], reloads: [] };
  try {
    const identity = await identify(await openAuth(config, parts, surroundings), as).catch(asFailure);
    if (identity instanceof Failure) return { bucket: config.name, key, identity, verdicts: [] };
    const request = requestOf(config, identity, rawPath, key);
    const verdicts: EngineVerdict[] = [];
    for (const authorizer of openAuthz(config.authz, config.name, parts, surroundings)) {
      const verdict = authorizer.decide(request, NO_SPAN).then(
        ({ allow, reason }): EngineVerdict => ({
          engine: authorizer.engine,
          decision: allow ? 'allow' : 'deny',
          reason,
        }),
        (thrown): EngineVerdict => ({
          engine: authorizer.engine,
          decision: 'error',
          reason: asFailure(thrown).reason ?? '',
        }),
      );
      verdicts.push(await verdict);
    }
    return { bucket: config.name, key, identity, verdicts };
  } finally {
    for (const close of parts.opened.reverse()) await close();
  }
}

/** A key is believed without its signature: whoever runs this has the configuration, and with it the secrets. */
async function identify(auth: OpenedAuth | undefined, as: string | undefined): Promise<Identity> {
  if (auth === undefined) return NOBODY;
  if (as === undefined) throw new Failure('unauthenticated', undefined, { reason: 'no_credential' });
  const { tokens, ring } = auth;
  const key = ring?.find(as);
  const findings: AuthAttributes = { method: 'sigv4', keyId: undefined, keySource: undefined };
  if (key !== undefined) return signedIdentity('sigv4', key, undefined, tokens, findings);
  if (tokens === undefined || !as.includes('.'))
    throw new Failure('signature_refused', 'No such access key.', { reason: 'unknown_access_key' });
  const { subject, claims, expiresAt } = await tokens.verify(as, findings);
  return { method: 'jwt', subject, claims, expiresAt };
}

/** The question that a policy engine would be asked. */
export function requestOf(bucket: Bucket, identity: Identity, rawPath: string, key: string): Resolved {
  const incoming: Incoming = {
    id: 'rehearsal',
    method: 'PUT',
    rawPath,
    hostBucket: undefined,
    query: [],
    headers: {},
    rawHeaders: [],
    clientAddress: undefined,
    scheme: 'http',
    body: {
      length: undefined,
      open: () => {
        throw new Error('a rehearsal has no body');
      },
    },
    signal: new AbortController().signal,
    span: NO_SPAN,
    keepWaiting: () => {},
  };
  return {
    incoming,
    bucket,
    operation: 'PutObject',
    key,
    uploadId: undefined,
    partNumber: undefined,
    storeQuery: [],
    form: undefined,
    identity,
    payload: { hash: 'UNSIGNED-PAYLOAD', chunks: undefined },
    storeUploadId: undefined,
    uploadCreatedAt: undefined,
  };
}
