/** What an upload handler is: given an authorized request, it talks to the store and gives the reply. One file each. */

import type { Pace } from '../domain/pace.ts';
import type { Span } from '../domain/span.ts';
import type { Authorized, Reply, Transfer } from '../domain/stages.ts';
import type { StoreAnswer } from '../s3/exchange.ts';
import { headersForClient } from '../s3/header-allow-list.ts';
import type { StoreBucket } from '../s3/store-client.ts';
import type { SealingBucket } from '../upload-id/seal.ts';

/** A bucket as the handlers see it. */
export type UploadBucket = StoreBucket & SealingBucket;

/** What a handler may write to while it works; whoever wraps it reports what stands there. */
export interface UploadScope {
  /** The `s3.upload` span: parent of the attempts at the store. */
  readonly span: Span;
  readonly transfer: Transfer;
  /** How slow the client may be. */
  readonly pace: Pace;
  /** Told of object bytes that were handed on, so that their memory is freed. */
  readonly chunks: { passed(bytes: number): void };
}

/** @throws Failure for every outcome but success. */
export type UploadHandler = (request: Authorized<UploadBucket>, scope: UploadScope) => Promise<Reply>;

/** The store's answer as the client's: status and headers by the allow-list. */
export function replyOf(answer: StoreAnswer, body = ''): Reply {
  const headers = headersForClient(answer.headers);
  if (body !== '') headers['content-type'] = 'application/xml';
  return { status: answer.status, headers, body };
}
