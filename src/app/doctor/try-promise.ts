/**
 * Tries whether a store verifies a promise about bytes: it gets a part, and then an object, whose promise is wrong. A store that
 * verifies the promise keeps neither. The upload of the part is aborted, so the object is tried only if the part gives no reason
 * against it.
 */
import { hash } from 'node:crypto';
import { CHECKSUMS } from '../../domain/checksums.ts';
import { asFailure, Failure } from '../../domain/failure.ts';
import type { OperationName } from '../../domain/operation.ts';
import type { PromiseName } from '../../domain/promise-names.ts';
import { NO_SPAN } from '../../domain/span.ts';
import { headersForStore } from '../../s3/header-allow-list.ts';
import type { HeaderRules } from '../../s3/header-rules.ts';
import type { StoreCall } from '../../s3/store-call.ts';
import type { StoreClient } from '../../s3/store-client.ts';
import { elementOf } from '../../s3/store-document.ts';
import { wrongPromise } from './wrong-promise.ts';

export interface TriedStore {
  readonly store: StoreClient;
  readonly headerRules: HeaderRules | undefined;
  readonly key: string;
}

/** `verified`: the store refused the wrong bytes. `ignored`: it accepted them. `unclear`: it failed for another reason. */
export interface PromiseTrial {
  readonly promise: PromiseName;
  readonly part: TrialResult;
  /** Undefined where the object was not sent. */
  readonly object: TrialResult | undefined;
}

export interface TrialResult {
  readonly verdict: 'verified' | 'ignored' | 'unclear';
  /** The failure of the call, as a client of the gateway would get it. */
  readonly failure?: Failure;
}

/** Longest wait for one response, in milliseconds. */
const TIMEOUT_MILLIS = 10_000;

const BODY = Buffer.from('mizuchi-uploadr doctor');

/** @param isListed whether the gateway relies on the store for this promise: an unclear part is then followed by an object, too. */
export async function tryPromise(tried: TriedStore, promise: PromiseName, isListed: boolean): Promise<PromiseTrial> {
  const part = await tryPart(tried, promise);
  const triesObject = part.verdict === 'verified' || (isListed && part.verdict === 'unclear');
  return { promise, part, object: triesObject ? await tryObject(tried, promise) : undefined };
}

function tryObject(tried: TriedStore, promise: PromiseName): Promise<TrialResult> {
  const { headers, payloadHash } = wrongPromise(promise);
  const all = { ...headersForStore('PutObject', {}, tried.headerRules), ...headers };
  return resultOf(call(tried, 'PutObject', { headers: all, payloadHash, body: BODY }));
}

async function tryPart(tried: TriedStore, promise: PromiseName): Promise<TrialResult> {
  const id = await createUpload(tried, promise).catch(asFailure);
  if (id instanceof Failure) return { verdict: 'unclear', failure: id };
  const upload = ['uploadId', id] as const;
  const query = [['partNumber', '1'] as const, upload];
  try {
    return await resultOf(call(tried, 'UploadPart', { ...wrongPromise(promise), body: BODY, query }));
  } finally {
    await call(tried, 'AbortMultipartUpload', { query: [upload] });
  }
}

/**
 * With the algorithm of the checksum, because some stores accept its parts only then. A store that does not know the algorithm may
 * accept and ignore the checksum in an upload without it.
 */
async function createUpload(tried: TriedStore, promise: PromiseName): Promise<string> {
  const fixed = headersForStore('CreateMultipartUpload', {}, tried.headerRules);
  const create = (headers: StoreCall['headers']) =>
    call(tried, 'CreateMultipartUpload', { headers, body: Buffer.alloc(0), query: [['uploads', '']] });
  const algorithm = Object.hasOwn(CHECKSUMS, promise) ? { 'x-amz-checksum-algorithm': promise.toUpperCase() } : {};
  const { body } = await create({ ...fixed, ...algorithm }).catch(() => create(fixed));
  const id = elementOf(body, 'UploadId');
  if (id === undefined) throw new Failure('store_invalid_answer', 'The response of the store contains no upload id.');
  return id;
}

/** Codes for the client that mean: the bytes do not match the promise. */
const MISMATCHES: ReadonlySet<string> = new Set(['BadDigest', 'XAmzContentSHA256Mismatch']);

async function resultOf(sent: Promise<unknown>): Promise<TrialResult> {
  try {
    await sent;
    return { verdict: 'ignored' };
  } catch (thrown) {
    const failure = asFailure(thrown);
    return { verdict: MISMATCHES.has(failure.code) ? 'verified' : 'unclear', failure };
  }
}

type Sent = Partial<Pick<StoreCall, 'headers' | 'query' | 'body' | 'payloadHash'>>;

function call({ store, key }: TriedStore, operation: OperationName, sent: Sent) {
  const { headers = {}, query = [], body, payloadHash = hash('sha256', '') } = sent;
  const signal = AbortSignal.timeout(TIMEOUT_MILLIS);
  const request = { operation, key, headers, query, body, payloadHash, signal };
  return store.call({ ...request, caller: 'doctor', span: NO_SPAN, verifiedHere: false });
}
