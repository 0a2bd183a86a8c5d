/** The calls of a multipart upload that carry no object bytes: they go to the store and come back, nothing is kept here. */
import { createHash } from 'node:crypto';
import { callerOf } from '../domain/caller.ts';
import { Failure } from '../domain/failure.ts';
import type { Authorized } from '../domain/stages.ts';
import type { StoreAnswer } from '../s3/exchange.ts';
import { headersForStore, headersOfEveryRequest } from '../s3/header-allow-list.ts';
import type { StoreBucket } from '../s3/store-client.ts';
import type { UploadScope } from './handler.ts';

export async function controlCall(
  request: Authorized<StoreBucket>,
  scope: UploadScope,
  document?: Buffer,
): Promise<StoreAnswer> {
  const { incoming, bucket, operation, key, storeQuery } = request;
  const body = document ?? (operation === 'CreateMultipartUpload' ? Buffer.alloc(0) : undefined);
  const payloadHash = createHash('sha256')
    .update(body ?? '')
    .digest('hex');
  if (document !== undefined) checkHash(request.payload.hash, payloadHash);
  const isOwnHead = operation === 'HeadObject' && incoming.method !== 'HEAD'; // without the conditions of the client's request
  const headers = isOwnHead
    ? headersOfEveryRequest(incoming.headers)
    : headersForStore(operation, incoming.headers, bucket.headerRules);
  const { signal } = incoming;
  const caller = callerOf(request);
  const place = await bucket.store.enter({ caller, key, signal });
  const started = performance.now();
  try {
    const query = storeQuery;
    const call = { operation, caller, place, key, query, headers, body, payloadHash, signal, span: scope.span };
    return await bucket.store.call(call);
  } finally {
    scope.transfer.storeWaitSeconds += (performance.now() - started) / 1000;
  }
}

/** We sign what arrived, so it must be what the client hashed. Chunks would be verified nowhere. */
function checkHash(promised: string, actual: string): void {
  if (promised.startsWith('STREAMING-')) {
    throw new Failure('not_implemented', 'The document of this operation cannot come in chunks.');
  }
  if (promised === actual || !/^[0-9a-f]{64}$/.test(promised)) return;
  const message = 'x-amz-content-sha256 does not match the document that arrived.';
  throw new Failure('checksum_mismatch', message, { code: 'XAmzContentSHA256Mismatch' });
}
