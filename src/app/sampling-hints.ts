/** What the tracer may know of a request before it is judged: where its trace began, and what it seems to ask for. */
import type { RequestClues } from '../domain/span.ts';
import type { Target } from '../domain/stages.ts';
import { findBucket, type Route } from '../router/find-bucket.ts';
import { findOperation } from '../router/find-operation.ts';
import type { CluesOf } from '../server/serve-request.ts';
import type { SealingBucket } from '../upload-id/seal.ts';

type Found = ReturnType<typeof findBucket<SealingBucket>>;

/** @param withOperation whether the sampler wants to know bucket and operation of every request. */
export function clueFinder(routes: readonly Route<SealingBucket>[], withOperation: boolean): CluesOf {
  return (method, target, query) => {
    const uploadId = query.find(([name]) => name === 'uploadId')?.[1];
    if (uploadId === undefined && !withOperation) return undefined;
    const found = bucketOf(routes, target);
    if (found === undefined) return undefined;
    const clues = withOperation
      ? { bucket: found.route.bucket.name, operation: operationOf(method, query, found) }
      : {};
    return uploadId === undefined ? clues : { ...clues, origin: originOf(uploadId, found) };
  };
}

/** Undefined where the path names no bucket or no key: the router will say so. */
function bucketOf(routes: readonly Route<SealingBucket>[], target: Target): Found | undefined {
  try {
    return findBucket(routes, target);
  } catch {
    return undefined;
  }
}

/** What the id says is believed only if its seal holds. Whose upload it is cannot be known yet, and does not matter here. */
function originOf(uploadId: string, { route, key }: Found): RequestClues['origin'] {
  try {
    return route.bucket.uploadIds.open(uploadId, key)?.origin;
  } catch {
    return undefined;
  }
}

function operationOf(
  method: string,
  query: readonly (readonly [string, string])[],
  { route, key }: Found,
): string | undefined {
  try {
    return findOperation(method, query, key !== '', route).operation;
  } catch {
    return method === 'POST' && key === '' ? 'PostObject' : undefined;
  }
}
