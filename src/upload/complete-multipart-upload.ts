/** CompleteMultipartUpload: the parts become an object. Never repeated blindly; an error inside the store's 200 is an error. */
import { documentForClient } from './answer-document.ts';
import { collectDocument } from './collect.ts';
import { MAX_COMPLETE_DOCUMENT, PartList } from './complete-document.ts';
import { completeOnce } from './complete-once.ts';
import { controlCall } from './control-call.ts';
import { replyOf, type UploadHandler } from './handler.ts';

export const completeMultipartUpload: UploadHandler = async (request, scope) => {
  const { incoming } = request;
  const list = new PartList();
  const document = await collectDocument(incoming, MAX_COMPLETE_DOCUMENT, scope, (bytes) => list.write(bytes));
  const etags = list.end();
  scope.span.set('upload.parts', etags.length);
  const answer = await completeOnce({
    key: request.key,
    etags,
    createdAt: request.uploadCreatedAt,
    send: () => controlCall(request, scope, document),
    listParts: () => controlCall({ ...request, operation: 'ListParts' }, scope),
    headObject: () => controlCall({ ...request, operation: 'HeadObject', storeQuery: [] }, scope),
  });
  return replyOf(answer, documentForClient(answer.body, 'CompleteMultipartUploadResult', request, request.uploadId));
};
