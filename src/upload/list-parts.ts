/** ListParts: which parts of an upload have arrived; what a client needs to resume. The only reading that the gateway offers. */
import { documentForClient } from './client-document.ts';
import { controlCall } from './control-call.ts';
import { replyOf, type UploadHandler } from './handler.ts';

export const listParts: UploadHandler = async (request, scope) => {
  const response = await controlCall(request, scope);
  return replyOf(response, documentForClient(response.body, 'ListPartsResult', request, request.uploadId));
};
