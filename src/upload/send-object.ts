/** PutObject and UploadPart alike: the object's bytes go from the client to the store, and a 2xx means that all of them arrived. */

import { pipeline } from 'node:stream';
import { AwsChunkedEncoder } from '../body/aws-chunked.ts';
import { CHECKSUMS } from '../body/checksum.ts';
import { SignedChunks } from '../body/signed-chunks.ts';
import { Failure } from '../domain/failure.ts';
import type { Authorized, Reply } from '../domain/stages.ts';
import type { StoreBody } from '../s3/exchange.ts';
import { conditionHeaders, headersForStore } from '../s3/header-allow-list.ts';
import type { StoreBucket } from '../s3/store-client.ts';
import { type BodyPlan, MAX_OBJECT, planBody, type SentChecksum } from './body-plan.ts';
import { collectObject } from './collect.ts';
import { coveringAll } from './covering-all.ts';
import { replyOf, type UploadHandler, type UploadScope } from './handler.ts';
import { ObjectStream } from './object-stream.ts';
import { type PartProtection, partProtection } from './split/part-protection.ts';
import { partSizeFor } from './split/part-size.ts';
import { type SplitOptions, splitObject } from './split/split-object.ts';

/** Up to this many bytes an object is collected before it is sent: cheaper than a stream, and it can be sent again. */
const SMALL_OBJECT = 64 * 1024;

interface Sending {
  readonly body: StoreBody;
  readonly payloadHash: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface ObjectOptions extends SplitOptions {
  /** Largest object of one request, in bytes. */
  readonly maxObjectBytes: number;
  /** Largest part of a client's multipart upload, in bytes. */
  readonly maxPartBytes: number;
}

/** @returns the handler of PutObject and UploadPart. */
export function createSendObject(options: ObjectOptions): UploadHandler {
  return async (request, scope) => {
    const limit = request.operation === 'UploadPart' ? options.maxPartBytes : options.maxObjectBytes;
    const { operation, incoming, bucket } = request;
    const plan = planBody(request, limit, bucket.checksums);
    // Refuses before the client is asked for a byte.
    const headers = headersForStore(operation, incoming.headers, bucket.headerRules);
    scope.span.set('upload.size_bytes', plan.length);
    const protection = partProtection(plan, headers, bucket.checksums);
    if (plan.length === undefined || isSplit(request, plan, plan.length, protection, options)) {
      return splitObject(request, plan, protection, scope, options);
    }
    return sendAsItIs(request, { ...plan, length: plan.length }, scope);
  };
}

/**
 * Large objects are split while there is memory for a part, and those that could not be sent otherwise always. A condition is
 * safest in the one request that the store judges at once, and so is a promise that parts cannot carry to this store.
 */
function isSplit(
  { operation, incoming }: Authorized,
  { onlyWhole }: BodyPlan,
  length: number,
  { checksum, md5 }: PartProtection,
  options: ObjectOptions,
): boolean {
  if (operation !== 'PutObject' || length <= options.thresholdBytes) return false;
  if (length > MAX_OBJECT) return true;
  const isConditional = Object.keys(conditionHeaders(incoming.headers)).length > 0;
  const needsChecksum = md5 && checksum === undefined;
  if (isConditional || onlyWhole !== undefined || needsChecksum) return false;
  return options.memory.canSplit(partSizeFor(length, options.partBytes).leastBytes);
}

type KnownLength = BodyPlan & { readonly length: number };

async function sendAsItIs(request: Authorized<StoreBucket>, plan: KnownLength, scope: UploadScope): Promise<Reply> {
  const { incoming, bucket, operation, key, storeQuery, uploadId } = request;
  const headers = headersForStore(operation, incoming.headers, bucket.headerRules);
  const prepare = plan.length <= SMALL_OBJECT ? collected : streamed;
  const sending = await prepare(request, plan, headers, scope);
  const sent = whenSent(sending.body);
  const { body, payloadHash } = sending;
  const { signal } = incoming;
  const call = {
    operation,
    key,
    query: storeQuery,
    uploadId,
    headers: sending.headers,
    body,
    payloadHash,
    signal,
    span: scope.span,
  };
  try {
    const answer = await bucket.store.call(call);
    if (sent() === undefined)
      throw new Failure('store_invalid_answer', 'The store said yes before it had the whole object.');
    return replyOf(answer);
  } finally {
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

async function streamed(
  { incoming }: Authorized<StoreBucket>,
  plan: KnownLength,
  headers: Record<string, string>,
  scope: UploadScope,
): Promise<Sending> {
  const { length, payloadHash, sent, signed } = plan;
  const stream = await ObjectStream.open(incoming, plan, scope, { reframed: !signed });
  if (sent === undefined && !signed) return { body: { stream, length }, payloadHash, headers };
  frame(headers, length);
  if (sent !== undefined) headers['x-amz-trailer'] = sent.header;
  return { ...(signed ? inSignedChunks(stream, length, sent) : inChunks(stream, length, sent!)), headers };
}

type Framed = Omit<Sending, 'headers'>;

function inChunks(stream: ObjectStream, length: number, { header, checksum }: SentChecksum): Framed {
  const encoded = AwsChunkedEncoder.encodedLength(length, header, CHECKSUMS[checksum].encodedLength);
  return { body: { stream, length: encoded }, payloadHash: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER' };
}

function inSignedChunks(source: ObjectStream, length: number, sent: SentChecksum | undefined): Framed {
  const payloadHash = 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD';
  const stream = new SignedChunks(length, sent && (() => `${sent.header}:${source.checksums.get(sent.checksum)}`));
  pipeline(source, stream, () => {}); // one that fails destroys the other, and the call to the store says why
  const trailerLength = sent === undefined ? 0 : sent.header.length + 1 + CHECKSUMS[sent.checksum].encodedLength;
  const body = { stream, length: SignedChunks.encodedLength(length, trailerLength) };
  return { body, payloadHash: sent === undefined ? payloadHash : `${payloadHash}-TRAILER` };
}

/** Amazon S3 API Reference, "Transferring payload in multiple chunks (chunked upload)". */
function frame(headers: Record<string, string>, length: number): void {
  headers['content-encoding'] = ['aws-chunked', headers['content-encoding']].filter(Boolean).join(',');
  headers['x-amz-decoded-content-length'] = String(length);
}
