/** Upload ids as a gateway of `startGateway` gives them out, for tests that want to begin in the middle of an upload. */
import { UploadIds } from '../../src/upload-id/seal.ts';

/** @param key of the bucket `uploads`, begun by nobody in particular and without a trace. */
export function sealedId(key: string, storeUploadId: string): string {
  return new UploadIds('mizuchi-secret', 'uploads').seal({ storeUploadId, key, subject: undefined, origin: undefined });
}
