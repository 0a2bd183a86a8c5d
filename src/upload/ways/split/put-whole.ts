/** An object of undeclared length that turned out to be small: it is in the memory of one part, verified, and sent in one request. */

import type { BodyPlan } from '../../../body/body-plan.ts';
import type { Checksums } from '../../../body/object-decoder.ts';
import { protectWhole } from '../../../body/whole-protection.ts';
import { callerOf } from '../../../domain/caller.ts';
import type { Authorized, Reply } from '../../../domain/stages.ts';
import { headersForStore } from '../../../s3/header-allow-list.ts';
import { replyOf, type UploadBucket, type UploadScope } from '../../handler.ts';
import type { Part } from './part.ts';
import type { StoreWait } from './store-wait.ts';

export async function putWhole(
  request: Authorized<UploadBucket>,
  plan: BodyPlan,
  { pieces, length }: Part,
  checksums: Checksums,
  scope: UploadScope,
  signal: AbortSignal,
  attemptWait: StoreWait,
): Promise<Reply> {
  const { incoming, bucket, operation, key, storeQuery: query } = request;
  const passed = headersForStore(operation, incoming.headers, bucket.headerRules);
  const { headers, payloadHash } = protectWhole(plan, pieces, passed, checksums);
  const body = { pieces, length };
  const caller = callerOf(request);
  const waits = { wait: scope.transfer.wait('connection'), attemptWait };
  const call = { operation, caller, key, query, headers, body, payloadHash, signal, span: scope.span };
  const settles = 'fully';
  return replyOf(await bucket.store.call({ ...call, ...waits, settles }));
}
