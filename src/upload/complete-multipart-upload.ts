/** CompleteMultipartUpload: the parts become an object. Never repeated blindly; an error inside the store's 200 is an error. */

import { collectDocument } from '../body/collect.ts';
import type { Authorized } from '../domain/stages.ts';
import { documentForClient } from './client-document.ts';
import { MAX_COMPLETE_DOCUMENT, PartList } from './complete-document.ts';
import { completeOnce } from './complete-once.ts';
import { promisedOfObject, verifyComposite } from './completion-checksums.ts';
import { controlCall } from './control-call.ts';
import { replyOf, type UploadBucket, type UploadHandler, type UploadScope } from './handler.ts';
import { verifyDocument } from './verify-document.ts';
import { WaitingClient } from './waiting-client.ts';

/** The completion continues when the client disconnects, so that its outcome is known. Its own timeout bounds it. */
const { signal: NEVER } = new AbortController();

/** @param keepAliveMillis after which, and between which, a client that waits for the store gets white space. */
export function createCompleteMultipartUpload(keepAliveMillis: number): UploadHandler {
  return async (request, scope) => {
    const { document, etags } = await readDocument(request, scope);
    const waiting = new WaitingClient(request.incoming, keepAliveMillis);
    const options = { signal: NEVER, onPlace: waiting.begin, onWhiteSpace: waiting.comfort };
    const { signal } = options;
    try {
      const response = await completeOnce({
        key: request.key,
        etags,
        createdAt: request.uploadCreatedAt,
        send: () => controlCall(request, scope, document, options),
        listParts: () => controlCall({ ...request, operation: 'ListParts' }, scope, undefined, { signal }),
        headObject: () =>
          controlCall({ ...request, operation: 'HeadObject', storeQuery: [] }, scope, undefined, { signal }),
      });
      const root = 'CompleteMultipartUploadResult';
      return replyOf(response, documentForClient(response.body, root, request, request.uploadId));
    } finally {
      waiting.end();
    }
  };
}

interface ReadDocument {
  /** As the store gets it. */
  readonly document: Buffer;
  readonly etags: readonly string[];
}

async function readDocument(request: Authorized<UploadBucket>, scope: UploadScope): Promise<ReadDocument> {
  const { incoming, bucket } = request;
  const { passed } = bucket.checksums;
  const promise = passed ? undefined : promisedOfObject(incoming);
  const list = new PartList(promise?.element);
  const arrived = await collectDocument(incoming, MAX_COMPLETE_DOCUMENT, scope, (bytes) => list.write(bytes));
  const etags = list.end();
  verifyDocument(request, arrived);
  if (promise !== undefined) await verifyComposite(promise, list.checksums, etags.length);
  const document = passed ? arrived : list.withoutChecksums();
  scope.span.set('upload.parts', etags.length);
  return { document, etags };
}
