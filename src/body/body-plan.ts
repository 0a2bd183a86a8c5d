/**
 * The plan for the object's bytes, from the request headers: their framing, their number, their checksums. It is made before
 * a byte is requested from the client. Headers that are not understood are refused, never guessed.
 */

import { checksumRowOf } from '../domain/checksums.ts';
import { Failure } from '../domain/failure.ts';
import type { ChunkSignatures, Payload } from '../domain/identity.ts';
import type { Authenticated, Incoming } from '../domain/stages.ts';
import { CHECKSUMS, type ChecksumName, checksumOfHeader, isKnownEverywhere } from './checksum.ts';
import { type StoreChecksums, unverifiable } from './store-checksums.ts';
import { type BodyKind, kindOf, tooLarge } from './too-large.ts';

export interface BodyPlan {
  readonly kind: BodyKind;
  /** Length of the object in bytes, framing excluded; undefined where the client does not declare it. */
  readonly length: number | undefined;
  /** Most bytes that are accepted: the length, or where it is not declared, the limit or a lower upper bound. */
  readonly most: number;
  /** Throws a Failure where the client may not upload this number of bytes. */
  readonly judgeLength?: Payload['judgeLength'];
  /** `x-amz-content-sha256` towards the store, where the bytes pass as they are: the client's own hash, so that the store verifies it, too. */
  readonly payloadHash: string;
  /** The aws-chunked framing to be removed; undefined where there is none. */
  readonly framing: Framing | undefined;
  /** With aws-chunked framing: the checksum announced for its trailer. */
  readonly trailer: SentChecksum | undefined;
  /** The checksum that the store gets after the bytes: that of the trailer, or one that the gateway adds. */
  readonly sent: SentChecksum | undefined;
  /** Promises in headers about the object's bytes, to be verified here. */
  readonly promises: readonly BodyPromise[];
  /** Whether the client has promised anything about its bytes, chunk signatures included. */
  readonly promised: boolean;
  /**
   * Whether the gateway signs the bytes towards the store, by their hash or in chunks. It does so for promises of the client that
   * the store would not verify otherwise.
   */
  readonly signed: boolean;
  /** Whether the object gets Object Lock. */
  readonly locked: boolean;
  /** Whether the gateway must add a Content-MD5 where the object is in memory as a whole. */
  readonly md5: boolean;
  /** A checksum that only the store can verify, and only of the whole: lower-case name of its header. */
  readonly onlyWhole: string | undefined;
}

export interface SentChecksum {
  /** Lower-case name of the header or trailer. */
  readonly header: string;
  readonly checksum: ChecksumName;
}

export interface BodyPromise {
  readonly header: string;
  readonly checksum: ChecksumName;
  /** Base64. */
  readonly value: string;
  /** S3's error code where the bytes are others. */
  readonly code: string;
}

export interface Framing {
  /** Undefined where the chunks are not signed, and must not be. */
  readonly signatures: ChunkSignatures | undefined;
}

/** Largest part, and by default largest object of one request, in bytes (Amazon S3 User Guide, "Uploading objects": 5 GiB). */
export const MAX_OBJECT = 5 * 1024 ** 3;

const SHA256 = /^[0-9a-f]{64}$/;

/**
 * @param maxObject largest object in bytes.
 * @param locked whether the object gets Object Lock: S3 then demands a checksum or Content-MD5 (Amazon S3 API Reference, "PutObject").
 */
export function planBody(request: Authenticated, maxObject: number, store: StoreChecksums, locked = false): BodyPlan {
  const { incoming, payload } = request;
  const { promises, onlyWhole } = promisesOf(incoming.headers);
  const planned = payload.hash.startsWith('STREAMING-') ? planChunked : planPlain;
  const plan = planned(incoming, payload, promises, { kind: kindOf(request), maxObject });
  if (onlyWhole !== undefined && !store.passed) throw unverifiable(onlyWhole);
  const hasSignedChunks = plan.framing?.signatures !== undefined;
  const promised = hasSignedChunks || promises.length > 0 || (plan.trailer ?? onlyWhole) !== undefined;
  const sent = sentWith(plan, request, store, locked);
  const md5 = locked && store.own === undefined && incoming.headers['content-md5'] === undefined;
  const signed = promised && !isVerifiedByStore({ ...plan, sent }, incoming, store);
  const whole = { ...plan, sent, promised, signed, locked, md5, onlyWhole };
  return payload.judgeLength === undefined ? whole : { ...whole, judgeLength: payload.judgeLength };
}

type Framed = Omit<BodyPlan, 'sent' | 'promised' | 'signed' | 'locked' | 'md5' | 'onlyWhole' | 'judgeLength'>;

interface Limit {
  readonly kind: BodyKind;
  /** In bytes. */
  readonly maxObject: number;
}

function planPlain(
  { headers, body }: Incoming,
  { hash }: Payload,
  promises: BodyPromise[],
  { kind, maxObject }: Limit,
): Framed {
  if (hash !== 'UNSIGNED-PAYLOAD' && !SHA256.test(hash)) {
    throw new Failure(
      'invalid_argument',
      'x-amz-content-sha256 is neither a SHA-256 in lower-case hex nor a known keyword.',
    );
  }
  if (/(^|[\s,])aws-chunked([\s,]|$)/i.test(headers['content-encoding'] ?? '')) {
    throw new Failure(
      'bad_request',
      'Content-Encoding is aws-chunked, but x-amz-content-sha256 does not begin with STREAMING-.',
    );
  }
  if (SHA256.test(hash)) promises.push(hashPromise(hash));
  const length = checkedLength(body.length, maxObject, kind);
  checkedLength(body.bounds?.least, maxObject, kind);
  const most = length ?? Math.min(maxObject, body.bounds?.most ?? maxObject);
  return { kind, length, most, payloadHash: hash, framing: undefined, trailer: undefined, promises };
}

function isVerifiedByStore(
  { payloadHash, promises, sent }: Pick<BodyPlan, 'payloadHash' | 'promises' | 'sent'>,
  { headers }: Incoming,
  { own }: StoreChecksums,
): boolean {
  if (payloadHash !== 'UNSIGNED-PAYLOAD' || headers['content-md5'] !== undefined) return true;
  if (own === undefined) return false;
  return [...promises, sent].some((each) => each !== undefined && isKnownEverywhere(each.checksum));
}

function sentWith(
  { trailer, payloadHash }: Framed,
  request: Authenticated,
  store: StoreChecksums,
  locked: boolean,
): BodyPlan['sent'] {
  if (trailer !== undefined) return store.own === undefined ? undefined : trailer;
  if (locked) return addedTo(request.operation, request.incoming, store.own);
  if (payloadHash !== 'UNSIGNED-PAYLOAD') return undefined;
  return addedTo(request.operation, request.incoming, store.added);
}

/** A part may have no checksum but that with which its upload was created. */
function addedTo(
  operation: Authenticated['operation'],
  { headers }: Incoming,
  checksum: ChecksumName | undefined,
): SentChecksum | undefined {
  if (checksum === undefined || operation === 'UploadPart' || hasChecksum(headers)) return undefined;
  return { header: `x-amz-checksum-${checksum}`, checksum };
}

/** Includes checksums that only the store can verify. */
function hasChecksum(headers: Incoming['headers']): boolean {
  return Object.keys(headers).some((name) => name === 'content-md5' || name.startsWith('x-amz-checksum-'));
}

function planChunked(
  incoming: Incoming,
  payload: Payload,
  promises: readonly BodyPromise[],
  { kind, maxObject }: Limit,
): Framed {
  const framing = framingOf(payload);
  const declared = incoming.headers['x-amz-decoded-content-length'];
  if (declared !== undefined && !/^\d{1,15}$/.test(declared)) {
    throw new Failure('invalid_argument', 'x-amz-decoded-content-length is not a number of bytes.');
  }
  const length = checkedLength(declared === undefined ? undefined : Number(declared), maxObject, kind);
  const trailer = payload.hash.endsWith('-TRAILER') ? trailerOf(incoming, payload.hash) : undefined;
  const payloadHash = 'UNSIGNED-PAYLOAD';
  return { kind, length, most: length ?? maxObject, payloadHash, framing, trailer, promises };
}

function promisesOf(headers: Incoming['headers']): { promises: BodyPromise[]; onlyWhole: string | undefined } {
  const promises: BodyPromise[] = [];
  let onlyWhole: string | undefined;
  for (const header in headers) {
    const checksum = header === 'content-md5' ? 'md5' : checksumOfHeader(header);
    if (checksum === undefined) {
      if (checksumRowOf(header) !== undefined) onlyWhole ??= header;
      continue;
    }
    const value = headers[header] as string;
    const { encodedLength } = CHECKSUMS[checksum];
    if (value.length !== encodedLength || !/^[A-Za-z0-9+/]+={0,2}$/.test(value)) {
      const code = header === 'content-md5' ? 'InvalidDigest' : 'InvalidRequest';
      throw new Failure('invalid_argument', `The value of ${header} is not a ${checksum} in base64.`, { code });
    }
    promises.push({ header, checksum, value, code: 'BadDigest' });
  }
  return { promises, onlyWhole };
}

/** @param hash of the payload, which its signature covers, in hexadecimal. */
function hashPromise(hash: string): BodyPromise {
  const value = Buffer.from(hash, 'hex').toString('base64');
  return { header: 'x-amz-content-sha256', checksum: 'sha256', value, code: 'XAmzContentSHA256Mismatch' };
}

/** The words are those of the Amazon S3 API Reference, "Authenticating Requests: Using the Authorization Header". */
function framingOf({ hash, chunks }: Payload): Framing {
  if (hash === 'STREAMING-UNSIGNED-PAYLOAD-TRAILER') return { signatures: undefined };
  if (hash !== 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD' && hash !== 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER') {
    throw new Failure(
      'not_implemented',
      `Bodies of the kind ${hash.slice(0, 60)} are not supported. Sign chunks with AWS4-HMAC-SHA256, or send them unsigned.`,
    );
  }
  if (chunks === undefined) {
    throw new Failure(
      'invalid_argument',
      'The chunks of the body are signed, but the request is not, so they cannot be verified. Sign the request.',
    );
  }
  return { signatures: chunks };
}

/** An unsigned body may come without a trailer if it announces none. A signed one may not: its hash announces a signed trailer. */
function trailerOf({ headers }: Incoming, hash: string): SentChecksum | undefined {
  const header = headers['x-amz-trailer']?.toLowerCase();
  if (header === undefined) {
    if (hash === 'STREAMING-UNSIGNED-PAYLOAD-TRAILER') return undefined;
    throw new Failure('malformed_trailer', 'The header x-amz-trailer is missing.');
  }
  const checksum = checksumOfHeader(header);
  if (checksum === undefined) {
    const known = Object.keys(CHECKSUMS).join(', ');
    throw new Failure('not_implemented', `The trailer must be one x-amz-checksum-… of ${known}.`);
  }
  return { header, checksum };
}

function checkedLength(length: number | undefined, maxObject: number, kind: BodyKind): number | undefined {
  if (length !== undefined && length > maxObject) throw tooLarge(kind, maxObject);
  return length;
}
