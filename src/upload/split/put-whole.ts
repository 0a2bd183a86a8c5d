/** An object of undeclared length that turned out to be small: it lies in one part's memory, verified, and is put in one request. */
import type { Authorized, Reply } from '../../domain/stages.ts';
import { headersForStore } from '../../s3/header-allow-list.ts';
import type { BodyPlan } from '../body-plan.ts';
import { replyOf, type UploadBucket, type UploadScope } from '../handler.ts';
import type { Part } from './part.ts';

/** @param checksum with which it is sent, in base64. */
export async function putWhole(
  request: Authorized<UploadBucket>,
  plan: BodyPlan,
  { pieces, length }: Part,
  checksum: string | undefined,
  scope: UploadScope,
  signal: AbortSignal,
): Promise<Reply> {
  const { incoming, bucket, operation, key, storeQuery: query } = request;
  const headers = headersForStore(operation, incoming.headers, bucket.headerRules);
  if (plan.sent !== undefined && checksum !== undefined) headers[plan.sent.header] = checksum;
  const body = { pieces, length };
  const { payloadHash } = plan;
  const call = { operation, key, query, headers, body, payloadHash, signal, span: scope.span };
  return replyOf(await bucket.store.call(call));
}
