/** Upload ids as a gateway of `startGateway` gives them out, for tests that want to begin in the middle of an upload. */
import { UploadIds } from '../../src/upload-id/seal.ts';

interface Owner {
  /** Name of the bucket; `uploads` unless given. */
  readonly bucket?: string;
  /** Who began the upload; nobody in particular unless given. */
  readonly subject?: string;
  /** When, by the clock of the store, in milliseconds since the epoch; not known unless given. */
  readonly createdAt?: number;
}

/** An id of an upload that was begun without a trace. */
export function sealedId(
  key: string,
  storeUploadId: string,
  { bucket = 'uploads', subject, createdAt }: Owner = {},
): string {
  return new UploadIds('mizuchi-secret', bucket).seal({ storeUploadId, key, subject, origin: undefined, createdAt });
}
