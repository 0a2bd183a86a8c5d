/** The handler of each operation. */
import type { OperationName } from '../domain/operation.ts';
import { abortMultipartUpload } from './abort-multipart-upload.ts';
import { createCompleteMultipartUpload } from './complete-multipart-upload.ts';
import { createMultipartUpload } from './create-multipart-upload.ts';
import type { UploadHandler } from './handler.ts';
import { headObject } from './head-object.ts';
import { listParts } from './list-parts.ts';
import { createPostObject } from './post-object.ts';
import { createSendObject, type ObjectOptions } from './send-object.ts';

export interface HandlerOptions extends ObjectOptions {
  /** Milliseconds of silence after which a client that waits for a completion gets white space. */
  readonly keepAliveMillis: number;
}

export function createHandlers(options: HandlerOptions): Readonly<Record<OperationName, UploadHandler>> {
  const sendObject = createSendObject(options);
  return {
    PutObject: sendObject,
    PostObject: createPostObject(sendObject),
    UploadPart: sendObject,
    CreateMultipartUpload: createMultipartUpload,
    CompleteMultipartUpload: createCompleteMultipartUpload(options.keepAliveMillis),
    AbortMultipartUpload: abortMultipartUpload,
    ListParts: listParts,
    HeadObject: headObject,
  };
}
