/**
 * Upload IDs for clients: the store's ID, the origin of the upload's trace and a tag of its subject, bound by an HMAC to the
 * bucket and the key. Gateways keep no record of uploads: any gateway with the secret can serve any request.
 */
import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';
import { Failure } from '../domain/failure.ts';
import type { TraceOrigin } from '../domain/span.ts';
import type { Bucket } from '../domain/stages.ts';
import { deriveKey } from '../kit/derive-key.ts';

/** A bucket with the codec of its upload IDs. */
export interface SealingBucket extends Bucket {
  readonly uploadIds: UploadIds;
}

export interface NewUpload {
  readonly storeUploadId: string;
  readonly key: string;
  /** The subject that created the upload; undefined for `anonymous`. */
  readonly subject: string | undefined;
  /** Undefined with tracing disabled. */
  readonly origin: TraceOrigin | undefined;
  /** By the store's clock, in milliseconds since the epoch; undefined if it sent none. */
  readonly createdAt?: number | undefined;
}

export interface OpenedId {
  readonly storeUploadId: string;
  readonly origin: TraceOrigin | undefined;
  /** As sealed, in whole seconds. */
  readonly createdAt: number | undefined;
  /** For `belongsTo`; does not reveal the subject. */
  readonly owner: Buffer;
  readonly keys: Keys;
}

/** The keys that are derived from one secret. */
interface Keys {
  readonly sealing: KeyObject;
  readonly owners: KeyObject;
  readonly anonymous: Buffer;
}

/** IDs of version 2 contain the creation time of the upload, IDs of version 1 do not. */
const [UNDATED, DATED] = [1, 2];
/** Offsets of the parts, in bytes. An upload without an origin has zeros there; the tag follows the store's ID. */
const AT = { version: 0, flags: 1, traceId: 2, spanId: 18, owner: 26, rest: 42 } as const;
/** Before the store's ID, in version 2: seconds since the epoch. */
const DATE_BYTES = 4;
const LAST_DATE = 2 ** (8 * DATE_BYTES) - 1;
const TAG_BYTES = 16;
const MAX_CHARACTERS = 1024;
const MAX_STORE_ID = (MAX_CHARACTERS / 4) * 3 - AT.rest - TAG_BYTES;
const STORE_ID = /^[\x21-\x7e]+$/;
const NO_TRACE_ID = '0'.repeat(32);

export class UploadIds {
  readonly #newest: Keys;
  readonly #older: readonly Keys[];
  readonly #bucket: Buffer;

  /**
   * @param secret seals, and opens; the same for all gateways of the bucket.
   * @param bucket its name for clients.
   * @param older secrets that only open.
   */
  constructor(secret: string, bucket: string, older: readonly string[] = []) {
    this.#newest = keysOf(secret);
    this.#older = older.map(keysOf);
    this.#bucket = withLength(bucket);
  }

  /**
   * @returns at most 1024 characters of `A-Za-z0-9-_`.
   * @throws Failure store_invalid_answer for an ID with more than 710 characters, or not of visible ASCII.
   */
  seal({ storeUploadId, key, subject, origin, createdAt }: NewUpload): string {
    if (storeUploadId.length > MAX_STORE_ID || !STORE_ID.test(storeUploadId)) {
      throw new Failure('store_invalid_answer', 'The store returned an upload ID that cannot be forwarded.');
    }
    const date = storeUploadId.length + DATE_BYTES > MAX_STORE_ID ? Buffer.alloc(0) : dateBytes(createdAt);
    const storeId = AT.rest + date.length;
    const end = storeId + storeUploadId.length;
    const bytes = Buffer.alloc(end + TAG_BYTES);
    bytes[AT.version] = date.length === 0 ? UNDATED : DATED;
    if (origin !== undefined) writeOrigin(bytes, origin);
    ownerTag(this.#newest, subject).copy(bytes, AT.owner);
    date.copy(bytes, AT.rest);
    bytes.write(storeUploadId, storeId, 'latin1');
    this.#seal(this.#newest, bytes.subarray(0, end), key).copy(bytes, end);
    return bytes.toString('base64url');
  }

  /** @returns undefined unless the ID was sealed for this bucket and key, with one of the secrets and in this exact encoding. */
  open(id: string, key: string): OpenedId | undefined {
    if (id.length > MAX_CHARACTERS) return undefined;
    const bytes = Buffer.from(id, 'base64url');
    const end = bytes.length - TAG_BYTES;
    const isDated = bytes[AT.version] === DATED;
    const storeId = AT.rest + (isDated ? DATE_BYTES : 0);
    // The decoder skips other characters than base64url: each upload must have only one valid ID.
    if (end <= storeId || !(isDated || bytes[AT.version] === UNDATED) || bytes.toString('base64url') !== id)
      return undefined;
    const isSealedWith = (keys: Keys): boolean =>
      timingSafeEqual(this.#seal(keys, bytes.subarray(0, end), key), bytes.subarray(end));
    const keys = isSealedWith(this.#newest) ? this.#newest : this.#older.find(isSealedWith);
    if (keys === undefined) return undefined;
    const storeUploadId = bytes.toString('latin1', storeId, end);
    const createdAt = isDated ? bytes.readUInt32BE(AT.rest) * 1000 : undefined;
    return { storeUploadId, origin: readOrigin(bytes), createdAt, owner: bytes.subarray(AT.owner, AT.rest), keys };
  }

  belongsTo({ owner, keys }: OpenedId, subject: string | undefined): boolean {
    return timingSafeEqual(owner, ownerTag(keys, subject));
  }

  #seal({ sealing }: Keys, bytes: Buffer, key: string): Buffer {
    return tag(sealing, [this.#bucket, withLength(key), bytes]);
  }
}

function keysOf(secret: string): Keys {
  const owners = createSecretKey(deriveKey(secret, 'upload ids: owner'));
  return {
    sealing: createSecretKey(deriveKey(secret, 'upload ids: seal')),
    owners,
    anonymous: tag(owners, ['anonymous']),
  };
}

function ownerTag({ owners, anonymous }: Keys, subject: string | undefined): Buffer {
  // Not UTF-8, which encodes all unpaired surrogates alike.
  return subject === undefined ? anonymous : tag(owners, ['subject', Buffer.from(subject, 'utf16le')]);
}

function tag(key: KeyObject, parts: readonly (Buffer | string)[]): Buffer {
  const hmac = createHmac('sha256', key);
  for (const part of parts) hmac.update(part);
  return hmac.digest().subarray(0, TAG_BYTES);
}

/** Length prefixes, so that no two lists of texts have the same bytes. */
function withLength(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const bytes = Buffer.allocUnsafe(4 + length);
  bytes.writeUInt32BE(length);
  bytes.write(text, 4);
  return bytes;
}

function dateBytes(millis: number | undefined): Buffer {
  const seconds = Math.floor((millis ?? -1) / 1000);
  if (seconds < 0 || seconds > LAST_DATE) return Buffer.alloc(0);
  const bytes = Buffer.alloc(DATE_BYTES);
  bytes.writeUInt32BE(seconds);
  return bytes;
}

function writeOrigin(bytes: Buffer, { traceId, spanId, flags }: TraceOrigin): void {
  bytes[AT.flags] = flags;
  bytes.write(traceId, AT.traceId, 'hex');
  bytes.write(spanId, AT.spanId, 'hex');
}

function readOrigin(bytes: Buffer): TraceOrigin | undefined {
  const traceId = bytes.toString('hex', AT.traceId, AT.spanId);
  if (traceId === NO_TRACE_ID) return undefined;
  return { traceId, spanId: bytes.toString('hex', AT.spanId, AT.owner), flags: bytes[AT.flags]! };
}
