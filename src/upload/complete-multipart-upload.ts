/** CompleteMultipartUpload: the parts become an object. Never sent twice; an error inside the store's 200 is an error. */
import { Failure } from '../domain/failure.ts';
import { documentForClient } from './answer-document.ts';
import { collectDocument } from './collect.ts';
import { countParts, MAX_COMPLETE_DOCUMENT } from './complete-document.ts';
import { controlCall } from './control-call.ts';
import { replyOf, type UploadHandler } from './handler.ts';

export const completeMultipartUpload: UploadHandler = async (request, scope) => {
  const { incoming } = request;
  const document = await collectDocument(incoming, MAX_COMPLETE_DOCUMENT, scope.idleMillis, scope.transfer);
  scope.span.set('upload.parts', countParts(document));
  const answer = await controlCall(request, scope, document);
  if (!answer.body.includes('<CompleteMultipartUploadResult')) {
    throw new Failure('store_invalid_answer', 'The store did not say that the upload is complete.');
  }
  return replyOf(answer, documentForClient(answer.body, request, request.uploadId));
};
