/** Where the multipart upload began that a request names: asked before the request is judged, for its span to open there. */
import { findBucket, type Route } from '../router/find-bucket.ts';
import type { OriginOf } from '../server/serve-request.ts';
import type { SealingBucket } from '../upload-id/seal.ts';

/** What the id says is believed only if its seal holds. Whose upload it is cannot be known yet, and does not matter here. */
export function originFinder(routes: readonly Route<SealingBucket>[]): OriginOf {
  return (target, query) => {
    const uploadId = query.find(([name]) => name === 'uploadId')?.[1];
    if (uploadId === undefined) return undefined;
    try {
      const { route, key } = findBucket(routes, target);
      return route.bucket.uploadIds.open(uploadId, key)?.origin;
    } catch {
      return undefined; // the path names no bucket or no key: the router will say so
    }
  };
}
