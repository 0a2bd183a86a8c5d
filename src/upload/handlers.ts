/** Which handler serves which operation. */
import type { OperationName } from '../domain/operation.ts';
import { abortMultipartUpload } from './abort-multipart-upload.ts';
import { completeMultipartUpload } from './complete-multipart-upload.ts';
import { createMultipartUpload } from './create-multipart-upload.ts';
import type { UploadHandler } from './handler.ts';
import { listParts } from './list-parts.ts';
import { postObject } from './post-object.ts';
import { sendObject } from './send-object.ts';

export const HANDLERS: Readonly<Record<OperationName, UploadHandler>> = {
  PutObject: sendObject,
  PostObject: postObject,
  UploadPart: sendObject,
  CreateMultipartUpload: createMultipartUpload,
  CompleteMultipartUpload: completeMultipartUpload,
  AbortMultipartUpload: abortMultipartUpload,
  ListParts: listParts,
};
