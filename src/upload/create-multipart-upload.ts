/**
 * CreateMultipartUpload: the store returns an upload id, and the client gets it sealed. The gateway keeps no state of it. The call
 * continues when the client disconnects, because an upload without a known id could not be aborted.
 */
import { Failure } from '../domain/failure.ts';
import type { Authorized } from '../domain/stages.ts';
import { whyUnwanted } from '../domain/while-wanted.ts';
import { accountHeaders } from '../s3/header-allow-list.ts';
import type { StoreBucket } from '../s3/store-client.ts';
import { elementOf } from '../s3/store-document.ts';
import { originOf } from '../upload-id/origin.ts';
import { documentForClient } from './client-document.ts';
import { storeTimeOf } from './complete-once.ts';
import { refuseUnverifiable } from './completion-checksums.ts';
import { controlCall } from './control-call.ts';
import { replyOf, type UploadHandler, type UploadScope } from './handler.ts';

/** Most attempts to abort an upload whose client disconnected, and their time in all, in milliseconds. */
const [ABORT_ATTEMPTS, ABORT_MILLIS] = [4, 30_000];

const { signal: NEVER } = new AbortController();

export const createMultipartUpload: UploadHandler = async (request, scope) => {
  const { bucket, key, identity, incoming } = request;
  if (!bucket.checksums.passed) refuseUnverifiable(incoming.headers['x-amz-checksum-algorithm']);
  const response = await controlCall(request, scope, undefined, { signal: NEVER });
  const storeUploadId = elementOf(response.body, 'UploadId');
  if (storeUploadId === undefined)
    throw new Failure('store_invalid_answer', 'The response of the store contains no upload id.');
  scope.span.set('aws.s3.upload_id', storeUploadId);
  if (incoming.signal.aborted) {
    await abort(request, scope, storeUploadId);
    throw whyUnwanted(incoming.signal);
  }
  const origin = originOf(incoming.span);
  const createdAt = storeTimeOf(response);
  const uploadId = bucket.uploadIds.seal({ storeUploadId, key, subject: identity.subject, origin, createdAt });
  return replyOf(response, documentForClient(response.body, 'InitiateMultipartUploadResult', request, uploadId));
};

/** No client knows the upload. A failed abortion is a separate error in the trace. */
async function abort({ bucket, key, incoming }: Authorized<StoreBucket>, { span, transfer }: UploadScope, id: string) {
  const aborting = bucket.store.call({
    operation: 'AbortMultipartUpload',
    caller: undefined,
    key,
    query: [['uploadId', id]],
    headers: accountHeaders(incoming.headers),
    body: undefined,
    payloadHash: 'UNSIGNED-PAYLOAD',
    attempts: ABORT_ATTEMPTS,
    signal: AbortSignal.timeout(ABORT_MILLIS),
    wait: transfer.wait('connection'),
    attemptWait: transfer.wait('store'),
    retryWait: transfer.wait('retry'),
    span,
  });
  await aborting.catch(() => {});
}
