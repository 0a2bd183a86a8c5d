/** Authenticated → Resolved: opens the upload id that a request names, and refuses one that is not the caller's. */
import type { Authenticated, Bucket, Resolved } from '../domain/stages.ts';

export function resolveUpload<B extends Bucket>(request: Authenticated<B>): Resolved<B> {
  return { ...request, storeUploadId: request.uploadId };
}
