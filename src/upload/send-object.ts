/** PutObject and UploadPart alike: the object's bytes go from the client to the store, and a 2xx means that all of them arrived. */

import { callerOf } from '../domain/caller.ts';
import { Failure } from '../domain/failure.ts';
import type { Authorized, Reply } from '../domain/stages.ts';
import type { StoreBody } from '../s3/exchange.ts';
import { conditionHeaders, headersForStore } from '../s3/header-allow-list.ts';
import type { StoreBucket } from '../s3/store-client.ts';
import type { Place } from '../s3/store-line.ts';
import { type BodyPlan, MAX_OBJECT, planBody } from './body-plan.ts';
import { collectObject } from './collect.ts';
import { coveringAll } from './covering-all.ts';
import { replyOf, type UploadHandler, type UploadScope } from './handler.ts';
import { type PartProtection, partProtection } from './split/part-protection.ts';
import { partSizeFor } from './split/part-size.ts';
import { type SplitOptions, splitObject } from './split/split-object.ts';
import { type KnownLength, type Sending, streamed } from './stream-body.ts';
import { yieldWhileSlow } from './yield-connection.ts';

/** Up to this many bytes an object is collected before it is sent: cheaper than a stream, and it can be sent again. */
const SMALL_OBJECT = 64 * 1024;

export interface ObjectOptions extends SplitOptions {
  /** Bytes a second that an upload has at least while others wait for what it holds. */
  readonly fairRate: number;
  /** Largest object of one request, in bytes. */
  readonly maxObjectBytes: number;
  /** Largest part of a client's multipart upload, in bytes. */
  readonly maxPartBytes: number;
  /** Milliseconds of silence after which a client that waits for a completion gets white space. */
  readonly keepAliveMillis: number;
}

/** @returns the handler of PutObject and UploadPart. */
export function createSendObject(options: ObjectOptions): UploadHandler {
  return async (request, scope) => {
    const limit = request.operation === 'UploadPart' ? options.maxPartBytes : options.maxObjectBytes;
    const { operation, incoming, bucket } = request;
    // Refuses before the client is asked for a byte.
    const headers = headersForStore(operation, incoming.headers, bucket.headerRules);
    const plan = planBody(request, limit, bucket.checksums, isLocked(headers));
    scope.span.set('upload.size_bytes', plan.length);
    const protection = partProtection(plan, bucket.checksums);
    if (plan.length === undefined || isSplit(request, plan, plan.length, protection, options)) {
      return splitObject(request, plan, protection, scope, options);
    }
    return sendAsItIs(request, { ...plan, length: plan.length }, headers, scope, options.fairRate);
  };
}

/** Also where it is the operator who has fixed it. */
const isLocked = (headers: Readonly<Record<string, string>>): boolean =>
  Object.keys(headers).some((name) => name.startsWith('x-amz-object-lock-'));

/**
 * Large objects are split while there is memory for a part, and those that could not be sent otherwise always. A condition is
 * safest in the one request that the store judges at once, and so is a promise that parts cannot carry to this store.
 */
function isSplit(
  { operation, incoming }: Authorized,
  { onlyWhole }: BodyPlan,
  length: number,
  { md5 }: PartProtection,
  options: ObjectOptions,
): boolean {
  if (operation !== 'PutObject' || length <= options.thresholdBytes) return false;
  if (length > MAX_OBJECT) return true;
  const isConditional = Object.keys(conditionHeaders(incoming.headers)).length > 0;
  if (isConditional || onlyWhole !== undefined || md5) return false;
  return options.memory.canSplit(partSizeFor(length, options.partBytes).leastBytes);
}

async function sendAsItIs(
  request: Authorized<StoreBucket>,
  plan: KnownLength,
  headers: Record<string, string>,
  scope: UploadScope,
  fairRate: number,
): Promise<Reply> {
  const { incoming, bucket, key } = request;
  const enter = () => bucket.store.enter({ caller: callerOf(request), key, signal: incoming.signal });
  const isSmall = plan.length <= SMALL_OBJECT;
  // A large object waits for its connection before the client is asked for a byte.
  let place = isSmall ? undefined : await enter();
  try {
    const sending = await (isSmall ? collected : streamed)(request, plan, headers, scope);
    place ??= await enter();
    return await send(request, sending, place, scope, fairRate);
  } finally {
    place?.leave();
  }
}

async function send(
  request: Authorized<StoreBucket>,
  sending: Sending,
  place: Place,
  scope: UploadScope,
  fairRate: number,
): Promise<Reply> {
  const { incoming, bucket, operation, key, storeQuery } = request;
  const sent = whenSent(sending.body);
  const { body, payloadHash } = sending;
  const { signal } = incoming;
  const call = {
    operation,
    caller: callerOf(request),
    place,
    key,
    query: storeQuery,
    headers: sending.headers,
    body,
    payloadHash,
    signal,
    span: scope.span,
  };
  const { stream } = sending;
  const endWatch = stream && yieldWhileSlow(stream, scope.transfer, bucket.store, fairRate);
  try {
    const answer = await bucket.store.call(call);
    if (sent() === undefined)
      throw new Failure('store_invalid_answer', 'The store said yes before it had the whole object.');
    return replyOf(answer);
  } finally {
    endWatch?.();
    if (body !== undefined && 'stream' in body) body.stream.destroy(); // nobody reads on after a failure
    const since = sent();
    if (since !== undefined) scope.transfer.storeWaitSeconds += (performance.now() - since) / 1000;
  }
}

/** The moment at which the last byte had been handed over, if it was. */
function whenSent(body: StoreBody): () => number | undefined {
  let at: number | undefined;
  if (body !== undefined && 'stream' in body) body.stream.once('end', () => void (at = performance.now()));
  else at = performance.now();
  return () => at;
}

async function collected(
  { incoming }: Authorized<StoreBucket>,
  plan: KnownLength,
  headers: Record<string, string>,
  scope: UploadScope,
): Promise<Sending> {
  const { bytes, checksums } = await collectObject(incoming, plan, scope);
  return { body: bytes, ...coveringAll(plan, [bytes], headers, checksums) };
}
