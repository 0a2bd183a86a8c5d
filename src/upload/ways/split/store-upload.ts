/** The multipart upload of a split object at the store: the gateway creates it, sends the parts, and completes or aborts it. */
import { hash } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { CHECKSUMS, type ChecksumName, hasFullObjectType } from '../../../body/checksum.ts';
import { callerOf } from '../../../domain/caller.ts';
import { Failure } from '../../../domain/failure.ts';
import type { OperationName } from '../../../domain/operation.ts';
import type { Authorized } from '../../../domain/stages.ts';
import { escapeXml } from '../../../kit/xml.ts';
import {
  accountHeaders,
  conditionHeaders,
  headersForStore,
  headersOfEveryRequest,
} from '../../../s3/header-allow-list.ts';
import type { StoreCall } from '../../../s3/store-call.ts';
import type { StoreBucket } from '../../../s3/store-client.ts';
import { elementOf } from '../../../s3/store-document.ts';
import type { StoreResponse } from '../../../s3/store-transport.ts';
import { completeOnce, storeTimeOf } from '../../complete-once.ts';
import type { UploadScope } from '../../handler.ts';
import { verifiedHere } from './own-upload.ts';
import type { Part } from './part.ts';
import type { PartProtection } from './part-protection.ts';
import type { StoreWait } from './store-wait.ts';

/** Timeout of the abortion, in milliseconds. */
const ABORT_MILLIS = 30_000;

/** Milliseconds after which the gateway checks that an aborted upload is removed, if an attempt at a part had no response. */
const LOOKS_AFTER = [250, 500];

/** Most attempts for one part, and for the abortion. */
const ATTEMPTS = 4;

type CallField = 'headers' | 'query' | 'body' | 'signal' | 'attempts' | 'settles' | 'onOutcomeUnknown';
type Call = Pick<StoreCall, CallField> & Partial<Pick<StoreCall, 'payloadHash' | 'wait'>>;

interface Stored {
  readonly etag: string;
  readonly checksum: string | undefined;
}

export class StoreUpload {
  readonly #request: Authorized<StoreBucket>;
  readonly #scope: UploadScope;
  readonly #storeWait: StoreWait;
  readonly #checksum: ChecksumName | undefined;
  readonly #md5: boolean;
  readonly #id: string;
  readonly #createdAt: number | undefined;
  readonly #parts: Stored[] = [];
  /** Whether the store may still be processing an attempt at a part. */
  #isUncertain = false;

  private constructor(
    request: Authorized<StoreBucket>,
    scope: UploadScope,
    storeWait: StoreWait,
    protection: PartProtection,
    id: string,
    createdAt: number | undefined,
  ) {
    this.#request = request;
    this.#scope = scope;
    this.#storeWait = storeWait;
    this.#checksum = protection.checksum?.checksum;
    this.#md5 = protection.md5;
    this.#id = id;
    this.#createdAt = createdAt;
  }

  /** Is not aborted when the client disconnects: an upload without a known id could not be undone. */
  static async begin(
    request: Authorized<StoreBucket>,
    scope: UploadScope,
    storeWait: StoreWait,
    protection: PartProtection,
  ): Promise<StoreUpload> {
    const { signal } = new AbortController();
    const { incoming, bucket } = request;
    const headers = headersForStore('CreateMultipartUpload', incoming.headers, bucket.headerRules);
    if (protection.checksum !== undefined) {
      const { checksum } = protection.checksum;
      headers['x-amz-checksum-algorithm'] = checksum.toUpperCase();
      headers['x-amz-checksum-type'] = hasFullObjectType(checksum) ? 'FULL_OBJECT' : 'COMPOSITE';
    }
    const query = [['uploads', '']] as const;
    const call = { operation: 'CreateMultipartUpload', headers, query, body: Buffer.alloc(0), signal } as const;
    const response = await bucket.store.call({ ...call, ...sameFor(request, scope, storeWait) });
    const id = elementOf(response.body, 'UploadId');
    if (id === undefined) throw new Failure('store_invalid_answer', 'The response of the store contains no upload id.');
    return new StoreUpload(request, scope, storeWait, protection, id, storeTimeOf(response));
  }

  /** @param number from 1. */
  async send(number: number, part: Part, signal: AbortSignal): Promise<void> {
    const headers = headersOfEveryRequest(this.#request.incoming.headers);
    const { pieces, length } = part;
    const checksum = this.#checksum && ((await part.checksum) ?? (await checksumOf(this.#checksum, pieces)));
    if (checksum !== undefined) headers[`x-amz-checksum-${this.#checksum}`] = checksum;
    if (this.#md5) headers['content-md5'] = await checksumOf('md5', pieces);
    const query = [['partNumber', String(number)] as const];
    const body = { pieces, length };
    const onOutcomeUnknown = () => {
      this.#isUncertain = true;
    };
    const wait = this.#scope.transfer.wait('connection');
    const ends = this.#scope.transfer.partBegins({ number, bytes: length, since: performance.now(), connection: wait });
    const response = await this.#call('UploadPart', {
      headers,
      query,
      body,
      attempts: ATTEMPTS,
      signal,
      settles: 'briefly',
      onOutcomeUnknown,
      wait,
    }).finally(ends);
    const { etag } = response.headers;
    if (etag === undefined)
      throw new Failure('store_invalid_answer', 'The response of the store contains no ETag for a part.');
    this.#parts[number - 1] = { etag, checksum };
  }

  /** Is not aborted when the client disconnects: the store may complete it all the same. @param checksum of the whole object, in base64. */
  complete(checksum: string | undefined): Promise<StoreResponse> {
    const { signal } = new AbortController();
    const { headers: given } = this.#request.incoming;
    const headers: Record<string, string> = { ...headersOfEveryRequest(given), ...conditionHeaders(given) };
    headers['content-type'] = 'application/xml';
    if (this.#checksum !== undefined && hasFullObjectType(this.#checksum) && checksum !== undefined) {
      headers[`x-amz-checksum-${this.#checksum}`] = checksum;
      headers['x-amz-checksum-type'] = 'FULL_OBJECT';
    }
    const body = this.#document();
    const call = { headers, query: [], body, signal, payloadHash: hash('sha256', body) };
    const asking = { headers: headersOfEveryRequest(given), query: [], body: undefined, signal };
    const { store } = this.#request.bucket;
    return completeOnce({
      key: this.#request.key,
      etags: this.#parts.map(({ etag }) => etag),
      createdAt: this.#createdAt,
      send: () => this.#call('CompleteMultipartUpload', call).catch(verifiedHere),
      listParts: () => this.#call('ListParts', asking),
      headObject: () => store.call({ ...asking, operation: 'HeadObject', ...this.#same }),
    });
  }

  /**
   * The store removes the parts. A part that it is still receiving may stay, and the upload with it. It is then aborted again
   * until it is removed (S3 API Reference, AbortMultipartUpload). @throws Failure if that failed.
   */
  async abort(): Promise<void> {
    const signal = AbortSignal.timeout(ABORT_MILLIS);
    const headers = accountHeaders(this.#request.incoming.headers);
    const call = { headers, query: [], body: undefined, attempts: ATTEMPTS, signal };
    await unlessRemoved(this.#call('AbortMultipartUpload', call));
    if (!this.#isUncertain) return;
    for (const millis of LOOKS_AFTER) {
      await delay(millis);
      const found = await unlessRemoved(this.#call('ListParts', call));
      if (found !== undefined) await unlessRemoved(this.#call('AbortMultipartUpload', call));
    }
  }

  get #same() {
    return sameFor(this.#request, this.#scope, this.#storeWait);
  }

  #call(operation: OperationName, call: Call) {
    const query = [...call.query, ['uploadId', this.#id] as const];
    const same = this.#same;
    const caller = operation === 'AbortMultipartUpload' ? undefined : same.caller;
    return this.#request.bucket.store.call({ ...same, caller, ...call, operation, query });
  }

  #document(): Buffer {
    const name = this.#checksum && `Checksum${this.#checksum.toUpperCase()}`;
    const parts = this.#parts.map(({ etag, checksum }, i) => {
      const sum = name === undefined || checksum === undefined ? '' : `<${name}>${checksum}</${name}>`;
      return `<Part><PartNumber>${i + 1}</PartNumber><ETag>${escapeXml(etag)}</ETag>${sum}</Part>`;
    });
    const xmlns = 'http://s3.amazonaws.com/doc/2006-03-01/';
    return Buffer.from(`<CompleteMultipartUpload xmlns="${xmlns}">${parts.join('')}</CompleteMultipartUpload>`);
  }
}

/** @returns undefined where the store does not know the upload. */
function unlessRemoved(response: Promise<StoreResponse>): Promise<StoreResponse | undefined> {
  return response.catch((failure) => {
    if (failure instanceof Failure && failure.code === 'NoSuchUpload') return undefined;
    throw failure;
  });
}

function sameFor(request: Authorized, { span, transfer }: UploadScope, attemptWait: StoreWait) {
  const waits = { wait: transfer.wait('connection'), attemptWait, retryWait: transfer.wait('retry') };
  return { caller: callerOf(request), key: request.key, span, ...waits, payloadHash: 'UNSIGNED-PAYLOAD' } as const;
}

async function checksumOf(name: ChecksumName, pieces: readonly Buffer[]): Promise<string> {
  const checksum = await CHECKSUMS[name].create();
  for (const piece of pieces) checksum.update(piece);
  return checksum.digest();
}
