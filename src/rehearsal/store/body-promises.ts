/** The declarations about a body in the request headers: framing, length, hash, MD5, checksum. All of them are verified. */
import { CHECKSUMS, type ChecksumName, checksumOfHeader } from '../../body/checksum.ts';
import type { ChunkSignatures } from '../../domain/identity.ts';
import type { Verified } from '../../sigv4/verify.ts';
import type { RequestHead } from './request-head.ts';
import { S3Error } from './s3-error.ts';

export interface BodyPromises {
  /** Of the bytes without framing; undefined if the request has no body. */
  readonly length: number | undefined;
  /** Whether the body has aws-chunked coding. */
  readonly chunked: boolean;
  /** Verifies the chunks, if they are signed. */
  readonly signatures: ChunkSignatures | undefined;
  /** Lower-case hex, if the signature covers the body. */
  readonly sha256: string | undefined;
  /** Base64. */
  readonly md5: string | undefined;
  readonly checksum: PromisedChecksum | undefined;
}

export interface PromisedChecksum {
  readonly name: ChecksumName;
  /** Base64, or undefined if it comes in the trailer. */
  readonly value: string | undefined;
}

/** 5 GiB, the maximum body of one request, in bytes (Amazon S3 User Guide, "Uploading objects"). */
const MAX_LENGTH = 5 * 1024 ** 3;
const CHECKSUM_HEADER = /^x-amz-checksum-(?!algorithm$|type$|mode$)/;

/**
 * @param verified the verified signature: the kind of body, and its chunks.
 * @param checksumIsOfBody false if a checksum header is for an existing object, as in CompleteMultipartUpload.
 * @throws S3Error if a declaration is malformed or unsupported.
 */
export function bodyPromises(
  head: RequestHead,
  { payloadHash, chunks: signatures }: Pick<Verified, 'payloadHash' | 'chunks'>,
  checksumIsOfBody = true,
): BodyPromises {
  const chunked = payloadHash.startsWith('STREAMING-');
  if (chunked && signatures === undefined && payloadHash !== 'STREAMING-UNSIGNED-PAYLOAD-TRAILER') {
    throw new S3Error('NotImplemented', `The payload type ${payloadHash} is not supported.`);
  }
  if (!chunked && codings(head.headers['content-encoding']).includes('aws-chunked')) {
    throw new S3Error(
      'InvalidRequest',
      'Content-Encoding is aws-chunked, but x-amz-content-sha256 is not a STREAMING- value.',
    );
  }
  const hashed = !chunked && payloadHash !== 'UNSIGNED-PAYLOAD';
  return {
    length: promisedLength(head.headers, chunked),
    chunked,
    signatures,
    sha256: hashed ? payloadHash : undefined,
    md5: promisedMd5(head.headers['content-md5']),
    checksum: checksumIsOfBody ? promisedChecksum(head.headers, payloadHash.endsWith('-TRAILER')) : undefined,
  };
}

/** The content codings of the object itself: `aws-chunked` is a transfer coding and is removed here. */
export function objectCodings(contentEncoding: string | undefined): string {
  return codings(contentEncoding)
    .filter((coding) => coding.toLowerCase() !== 'aws-chunked')
    .join(',');
}

function codings(contentEncoding: string | undefined): string[] {
  return (contentEncoding ?? '')
    .split(',')
    .map((coding) => coding.trim())
    .filter((coding) => coding !== '');
}

function promisedLength(headers: RequestHead['headers'], chunked: boolean): number | undefined {
  const name = chunked ? 'x-amz-decoded-content-length' : 'content-length';
  const text = headers[name];
  if (text === undefined) {
    if (chunked || headers['transfer-encoding'] !== undefined) throw new S3Error('MissingContentLength');
    return undefined;
  }
  if (!/^\d{1,15}$/.test(text)) throw new S3Error('InvalidArgument', `${name} is not a number of bytes.`);
  if (Number(text) > MAX_LENGTH) throw new S3Error('EntityTooLarge');
  return Number(text);
}

function promisedMd5(text: string | undefined): string | undefined {
  if (text !== undefined && !/^[A-Za-z0-9+/]{22}==$/.test(text)) throw new S3Error('InvalidDigest');
  return text;
}

/** At most one, in the headers or declared for the trailer (Amazon S3 API Reference, "PutObject"). */
function promisedChecksum(headers: RequestHead['headers'], hasTrailer: boolean): PromisedChecksum | undefined {
  const inHead = Object.keys(headers).filter((name) => CHECKSUM_HEADER.test(name));
  const inTrailer = hasTrailer ? [trailerName(headers['x-amz-trailer'])] : [];
  const names = [...inHead, ...inTrailer];
  if (names.length > 1) throw new S3Error('InvalidRequest', 'The request has several checksums. Send only one.');
  const header = names[0];
  if (header === undefined) return undefined;
  const name = checksumOfHeader(header);
  if (name === undefined) throw new S3Error('NotImplemented', `The checksum ${header} is not supported.`);
  if (hasTrailer) return { name, value: undefined };
  const value = headers[header] as string;
  if (!isChecksum(name, value)) throw new S3Error('InvalidRequest', `The value of ${header} is not valid.`);
  return { name, value };
}

function trailerName(announced: string | undefined): string {
  if (announced === undefined) throw new S3Error('MalformedTrailerError', 'The header x-amz-trailer is missing.');
  return announced.trim().toLowerCase();
}

function isChecksum(name: ChecksumName, value: string): boolean {
  return value.length === CHECKSUMS[name].encodedLength && /^[A-Za-z0-9+/]+=*$/.test(value);
}
