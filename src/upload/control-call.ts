/** The calls of a multipart upload without object bytes: forwarded to the store, with no state in the gateway. */
import { createHash } from 'node:crypto';
import { callerOf } from '../domain/caller.ts';
import type { Authorized } from '../domain/stages.ts';
import { headersForStore, headersOfEveryRequest } from '../s3/header-allow-list.ts';
import type { StoreCall } from '../s3/store-call.ts';
import type { StoreBucket } from '../s3/store-client.ts';
import type { StoreResponse } from '../s3/store-transport.ts';
import type { UploadScope } from './handler.ts';

/** Options of one call: its notifications, and the signal that aborts it after it was sent. */
export interface CallOptions extends Partial<Pick<StoreCall, 'signal' | 'onWhiteSpace'>> {
  /** Called when the call has its connection. */
  readonly onPlace?: () => void;
}

/** @param document its body, where it has one. */
export async function controlCall(
  request: Authorized<StoreBucket>,
  scope: UploadScope,
  document?: Buffer,
  { onPlace, ...options }: CallOptions = {},
): Promise<StoreResponse> {
  const { incoming, bucket, operation, key, storeQuery } = request;
  const body = document ?? (operation === 'CreateMultipartUpload' ? Buffer.alloc(0) : undefined);
  const payloadHash = createHash('sha256')
    .update(body ?? '')
    .digest('hex');
  const isOwnHead = operation === 'HeadObject' && incoming.method !== 'HEAD'; // without the conditions of the client's request
  const headers = isOwnHead
    ? headersOfEveryRequest(incoming.headers)
    : headersForStore(operation, incoming.headers, bucket.headerRules);
  const { signal } = incoming;
  const caller = callerOf(request);
  const wait = scope.transfer.wait('connection');
  const attemptWait = scope.transfer.wait('store');
  const place = await bucket.store.enter({ caller, key, signal, wait });
  onPlace?.();
  const query = storeQuery;
  const { span } = scope;
  const call = { operation, caller, place, wait, attemptWait, key, query, headers, body, payloadHash, signal, span };
  return bucket.store.call({ ...call, ...options });
}
