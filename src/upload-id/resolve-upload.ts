/** Authenticated → Resolved: opens the upload id that a request names, and refuses one that is not the caller's. */
import { Failure } from '../domain/failure.ts';
import type { ForObject, Resolved } from '../domain/stages.ts';
import type { OpenedId, SealingBucket } from './seal.ts';

/** @throws Failure no_such_upload, before the store hears of the request. */
export function resolveUpload<B extends SealingBucket>(request: ForObject<B>): Resolved<B> {
  if (request.uploadId === undefined) return { ...request, storeUploadId: undefined, uploadCreatedAt: undefined };
  const { storeUploadId, createdAt } = openId(request, request.uploadId);
  const storeQuery = request.storeQuery.map(([name, value]) =>
    name === 'uploadId' ? ([name, storeUploadId] as const) : ([name, value] as const),
  );
  return { ...request, storeUploadId, uploadCreatedAt: createdAt, storeQuery };
}

/** Whose id it is not is told what a stranger is told: that there is no such upload. */
function openId({ bucket, key, identity }: ForObject<SealingBucket>, uploadId: string): OpenedId {
  const opened = bucket.uploadIds.open(uploadId, key);
  if (opened === undefined) throw noSuchUpload('upload_id_forged');
  if (!bucket.uploadIds.belongsTo(opened, identity.subject)) throw noSuchUpload('upload_id_of_other_subject');
  return opened;
}

const noSuchUpload = (reason: string): Failure => new Failure('no_such_upload', undefined, { reason });
