/** Responds to CORS preflight requests. They are not authenticated; the upload itself is. */
import { Failure } from '../domain/failure.ts';
import type { Bucket, Reply, Routed } from '../domain/stages.ts';
import type { CorsPolicy } from './cors-policy.ts';

/** A bucket with its CORS policy. */
export interface CorsBucket extends Bucket {
  readonly cors: CorsPolicy | undefined;
}

/** @throws Failure cors_refused. */
export function respondToPreflight({ bucket, incoming }: Routed<CorsBucket>): Reply {
  if (bucket.cors === undefined) throw new Failure('method_not_allowed');
  return { status: 204, headers: bucket.cors.preflightHeaders(incoming.headers), body: '' };
}
