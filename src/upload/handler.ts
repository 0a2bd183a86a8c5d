/** The interface of an upload handler: it gets an authorized request, calls the store, and returns the reply. One file each. */
import type { BodyReading } from '../body/reading.ts';
import type { Span } from '../domain/span.ts';
import type { Authorized, Reply } from '../domain/stages.ts';
import { headersForClient } from '../s3/header-allow-list.ts';
import type { StoreBucket } from '../s3/store-client.ts';
import type { StoreResponse } from '../s3/store-transport.ts';
import type { SealingBucket } from '../upload-id/seal.ts';

/** A bucket as the handlers see it. */
export type UploadBucket = StoreBucket & SealingBucket;

/** The records of one operation, which the gateway reports, and the conditions under which its body is read. */
export interface UploadScope extends BodyReading {
  /** The `s3.upload` span: parent of the attempts at the store. */
  readonly span: Span;
}

/** @throws Failure for every outcome but success. */
export type UploadHandler = (request: Authorized<UploadBucket>, scope: UploadScope) => Promise<Reply>;

/** The store's response as the client's: status and headers by the allow-list. */
export function replyOf(response: StoreResponse, body = ''): Reply {
  const headers = headersForClient(response.headers);
  if (body !== '') headers['content-type'] = 'application/xml';
  return { status: response.status, headers, body };
}
