/** What the head of a request promises about its body: framing, length, hash, MD5, checksum. Each promise will be checked. */
import { CHECKSUMS, type ChecksumName, checksumOfHeader } from '../../body/checksum.ts';
import type { ChunkSignatures } from '../../domain/identity.ts';
import type { Verified } from '../../sigv4/verify.ts';
import type { RequestHead } from './request-head.ts';
import { S3Error } from './s3-error.ts';

export interface BodyPromises {
  /** Of the bytes without framing; undefined where the request has no body at all. */
  readonly length: number | undefined;
  /** Whether the bytes come in aws-chunked coding. */
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

/** 5 GiB, the most that one request may bring, in bytes (Amazon S3 User Guide, "Uploading objects"). */
const MAX_LENGTH = 5 * 1024 ** 3;
const CHECKSUM_HEADER = /^x-amz-checksum-(?!algorithm$|type$|mode$)/;

/**
 * @param verified what the signature says about the body.
 * @param checksumIsOfBody false where a checksum header speaks of an object made earlier, as at CompleteMultipartUpload.
 * @throws S3Error if a promise is malformed or is one that this store cannot check.
 */
export function bodyPromises(
  head: RequestHead,
  { payloadHash, chunks: signatures }: Pick<Verified, 'payloadHash' | 'chunks'>,
  checksumIsOfBody = true,
): BodyPromises {
  const chunked = payloadHash.startsWith('STREAMING-');
  if (chunked && signatures === undefined && payloadHash !== 'STREAMING-UNSIGNED-PAYLOAD-TRAILER') {
    throw new S3Error('NotImplemented', `This store does not take bodies of the kind ${payloadHash}.`);
  }
  if (!chunked && codings(head.headers['content-encoding']).includes('aws-chunked')) {
    throw new S3Error('InvalidRequest', 'Content-Encoding says aws-chunked, x-amz-content-sha256 does not.');
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

/** The content codings of the object itself: `aws-chunked` is one of the transfer and ends here. */
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

/** One at most, in the head or announced for the trailer (Amazon S3 API Reference, "PutObject"). */
function promisedChecksum(headers: RequestHead['headers'], hasTrailer: boolean): PromisedChecksum | undefined {
  const inHead = Object.keys(headers).filter((name) => CHECKSUM_HEADER.test(name));
  const inTrailer = hasTrailer ? [trailerName(headers['x-amz-trailer'])] : [];
  const names = [...inHead, ...inTrailer];
  if (names.length > 1) throw new S3Error('InvalidRequest', 'A request may have one checksum, not several.');
  const header = names[0];
  if (header === undefined) return undefined;
  const name = checksumOfHeader(header);
  if (name === undefined) throw new S3Error('NotImplemented', `This store cannot check ${header}.`);
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
