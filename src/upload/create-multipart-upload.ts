/** CreateMultipartUpload: the store returns an upload id, and the client gets it sealed. The gateway keeps no state of it. */
import { Failure } from '../domain/failure.ts';
import { elementOf } from '../s3/store-document.ts';
import { originOf } from '../upload-id/origin.ts';
import { documentForClient } from './client-document.ts';
import { storeTimeOf } from './complete-once.ts';
import { refuseUnverifiable } from './completion-checksums.ts';
import { controlCall } from './control-call.ts';
import { replyOf, type UploadHandler } from './handler.ts';

export const createMultipartUpload: UploadHandler = async (request, scope) => {
  const { bucket, key, identity, incoming } = request;
  if (!bucket.checksums.passed) refuseUnverifiable(incoming.headers['x-amz-checksum-algorithm']);
  const response = await controlCall(request, scope);
  const storeUploadId = elementOf(response.body, 'UploadId');
  if (storeUploadId === undefined)
    throw new Failure('store_invalid_answer', 'The response of the store contains no upload id.');
  scope.span.set('aws.s3.upload_id', storeUploadId);
  const origin = originOf(incoming.span);
  const createdAt = storeTimeOf(response);
  const uploadId = bucket.uploadIds.seal({ storeUploadId, key, subject: identity.subject, origin, createdAt });
  return replyOf(response, documentForClient(response.body, 'InitiateMultipartUploadResult', request, uploadId));
};
