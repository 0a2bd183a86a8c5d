/**
 * A completion without a response is not sent again blindly: the store is queried for the outcome. If the upload still exists,
 * nothing has happened, and it is completed again. If it does not, and the object consists of these parts and is not older than
 * the upload, it was completed. Any other outcome is unknown, and an error.
 * A client that repeats its completion gets the response of the first one, also where the store no longer knows the upload.
 */
import { createHash } from 'node:crypto';
import { asFailure, Failure } from '../domain/failure.ts';
import { escapeXml } from '../kit/xml.ts';
import type { StoreResponse } from '../s3/store-transport.ts';

export interface Completion {
  readonly key: string;
  send(): Promise<StoreResponse>;
  /** @throws Failure with the code NoSuchUpload if the store does not have the upload any more. */
  listParts(): Promise<unknown>;
  headObject(): Promise<StoreResponse>;
  /** Of the parts, in their order. */
  readonly etags: readonly string[];
  /** When the upload was created, by the store's clock, in milliseconds since the epoch; undefined where that is not known. */
  readonly createdAt: number | undefined;
}

/** @throws Failure */
export async function completeOnce(completion: Completion): Promise<StoreResponse> {
  try {
    return checked(await completion.send());
  } catch (thrown) {
    const failure = asFailure(thrown);
    const isRepeated = failure.code === 'NoSuchUpload';
    if (!isRepeated && !failure.shape.outcomeUnknown) throw failure;
    const looking = isRepeated ? objectMade(completion) : outcomeOf(completion);
    const found = await looking.catch(() => undefined); // the first failure tells more
    if (found === undefined) throw isRepeated ? failure : unknown(failure);
    return found;
  }
}

async function outcomeOf(completion: Completion): Promise<StoreResponse | undefined> {
  if (await isOpen(completion)) {
    const again = await completion.send().catch(undefinedIfGone);
    if (again !== undefined) return checked(again);
  }
  return objectMade(completion);
}

/** The response for the object, if it consists of these parts. */
async function objectMade(completion: Completion): Promise<StoreResponse | undefined> {
  const expected = compositeEtag(completion.etags);
  if (expected === undefined || completion.createdAt === undefined) return undefined;
  const head = await completion.headObject();
  const { etag = '' } = head.headers;
  if (bare(etag) !== expected || isOlder(head, completion.createdAt)) return undefined;
  return { ...head, body: resultDocument(completion.key, etag) };
}

/**
 * Whether the object may be from an earlier upload with the same parts. Its time is that of the completion, or on AWS that of the
 * creation of its upload (Amazon S3 User Guide, "Working with object metadata"). Neither is before the creation of this upload.
 */
function isOlder({ headers }: StoreResponse, createdAt = Number.NaN): boolean {
  const modifiedAt = Date.parse(headers['last-modified'] ?? '');
  return !(modifiedAt >= createdAt);
}

/** The store's own time of a response (RFC 9110, section 6.6.1), in milliseconds since the epoch; undefined where it gave none. */
export function storeTimeOf({ headers }: StoreResponse): number | undefined {
  const time = Date.parse(headers.date ?? '');
  return Number.isNaN(time) ? undefined : time;
}

/** As the store would have sent it; the names that clients know are inserted later. */
function resultDocument(key: string, etag: string): string {
  const elements = `<Location></Location><Bucket></Bucket><Key>${escapeXml(key)}</Key><ETag>${escapeXml(etag)}</ETag>`;
  const xmlns = 'http://s3.amazonaws.com/doc/2006-03-01/';
  return `<?xml version="1.0" encoding="UTF-8"?>\n<CompleteMultipartUploadResult xmlns="${xmlns}">${elements}</CompleteMultipartUploadResult>`;
}

async function isOpen(completion: Completion): Promise<boolean> {
  return completion.listParts().then(() => true, undefinedIfGone) as Promise<boolean>;
}

function undefinedIfGone(thrown: unknown): undefined {
  if (thrown instanceof Failure && thrown.code === 'NoSuchUpload') return undefined;
  throw thrown;
}

/** @throws Failure store_invalid_answer for a 200 that does not confirm the completion. */
function checked(response: StoreResponse): StoreResponse {
  if (response.body.includes('<CompleteMultipartUploadResult')) return response;
  throw new Failure('store_invalid_answer', 'The store did not confirm that the upload is complete.');
}

function unknown(failure: Failure): Failure {
  const message = `${failure.message} Whether the upload is complete is unknown.`;
  return new Failure(failure.type, message, { reason: 'completion_unknown', cause: failure });
}

/** As S3 and its like form it: the MD5 of the parts' MD5s and their number. Undefined for ETags that are not MD5s. */
export function compositeEtag(etags: readonly string[]): string | undefined {
  const hash = createHash('md5');
  for (const etag of etags) {
    if (!/^[0-9a-f]{32}$/.test(bare(etag))) return undefined;
    hash.update(bare(etag), 'hex');
  }
  return `${hash.digest('hex')}-${etags.length}`;
}

const bare = (etag: string): string => etag.trim().replaceAll('"', '');
