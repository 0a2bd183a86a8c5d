/** CreateMultipartUpload: the store gives an upload id, which is the only handle of the upload; the gateway keeps none. */
import { Failure } from '../domain/failure.ts';
import { documentForClient } from './answer-document.ts';
import { controlCall, locationOf } from './control-call.ts';
import { replyOf, type UploadHandler } from './handler.ts';

export const createMultipartUpload: UploadHandler = async (request, scope) => {
  const answer = await controlCall(request, scope);
  const uploadId = /<UploadId>([^<]+)<\/UploadId>/.exec(answer.body)?.[1];
  if (uploadId === undefined) throw new Failure('store_invalid_answer', 'The store gave no upload id.');
  scope.span.set('aws.s3.upload_id', uploadId);
  return replyOf(answer, documentForClient(answer.body, request.bucket.name, locationOf(request)));
};
