/** Authenticated → Resolved: decodes the upload ID of a request, and rejects the ID of another subject. */
import { Failure } from '../domain/failure.ts';
import type { ForObject, Resolved } from '../domain/stages.ts';
import type { OpenedId, SealingBucket } from './seal.ts';

/** @throws Failure no_such_upload, before any request to the store. */
export function resolveUpload<B extends SealingBucket>(request: ForObject<B>): Resolved<B> {
  if (request.uploadId === undefined) return { ...request, storeUploadId: undefined, uploadCreatedAt: undefined };
  const { storeUploadId, createdAt } = openId(request, request.uploadId);
  const storeQuery = request.storeQuery.map(([name, value]) =>
    name === 'uploadId' ? ([name, storeUploadId] as const) : ([name, value] as const),
  );
  return { ...request, storeUploadId, uploadCreatedAt: createdAt, storeQuery };
}

/** The ID of another subject gets the same error as an unknown ID: no such upload. */
function openId({ bucket, key, identity }: ForObject<SealingBucket>, uploadId: string): OpenedId {
  const opened = bucket.uploadIds.open(uploadId, key);
  if (opened === undefined) throw noSuchUpload('upload_id_forged');
  if (!bucket.uploadIds.belongsTo(opened, identity.subject)) throw noSuchUpload('upload_id_of_other_subject');
  return opened;
}

const noSuchUpload = (reason: string): Failure => new Failure('no_such_upload', undefined, { reason });
