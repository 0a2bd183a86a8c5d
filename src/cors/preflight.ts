/** Routed → answer, for what browsers ask before they upload. It carries no credential, and gives none: the upload is judged anew. */
import { Failure } from '../domain/failure.ts';
import type { Bucket, Reply, Routed } from '../domain/stages.ts';
import type { CorsPolicy } from './cors-policy.ts';

/** A bucket as browsers ask about it. */
export interface CorsBucket extends Bucket {
  readonly cors: CorsPolicy | undefined;
}

/** @throws Failure cors_refused. */
export function answerPreflight({ bucket, incoming }: Routed<CorsBucket>): Reply {
  if (bucket.cors === undefined) throw new Failure('method_not_allowed');
  return { status: 204, headers: bucket.cors.preflightHeaders(incoming.headers), body: '' };
}
