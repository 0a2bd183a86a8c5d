/** AbortMultipartUpload: the store forgets the parts. */
import { controlCall } from './control-call.ts';
import { replyOf, type UploadHandler } from './handler.ts';

export const abortMultipartUpload: UploadHandler = async (request, scope) => replyOf(await controlCall(request, scope));
