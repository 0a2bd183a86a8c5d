/** An object of undeclared length that turned out to be small: it is in the memory of one part, verified, and sent in one request. */

import type { Checksums } from '../../../body/object-decoder.ts';
import { protectWhole } from '../../../body/whole-protection.ts';
import { callerOf } from '../../../domain/caller.ts';
import type { Reply } from '../../../domain/stages.ts';
import { replyOf } from '../../handler.ts';
import type { ObjectUpload } from '../way.ts';
import type { Part } from './part.ts';
import type { StoreWait } from './store-wait.ts';

export async function putWhole(
  { request, plan, headers: passed, scope }: ObjectUpload,
  { pieces, length }: Part,
  checksums: Checksums,
  signal: AbortSignal,
  attemptWait: StoreWait,
): Promise<Reply> {
  const { bucket, operation, key, storeQuery: query } = request;
  const { headers, payloadHash } = protectWhole(plan, pieces, passed, checksums);
  const body = { pieces, length };
  const caller = callerOf(request);
  const waits = { wait: scope.transfer.wait('connection'), attemptWait };
  const call = { operation, caller, key, query, headers, body, payloadHash, signal, span: scope.span };
  const settles = 'fully';
  return replyOf(await bucket.store.call({ ...call, ...waits, settles }));
}
