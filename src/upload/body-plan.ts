/**
 * What the head of a request says about the object's bytes: how they are framed, how many they are, which checksum comes
 * with them. Decided before the client is asked for a byte; what cannot be understood is refused, never guessed.
 */
import { CHECKSUMS, type ChecksumName, checksumOfHeader } from '../body/checksum.ts';
import { Failure } from '../domain/failure.ts';
import type { Authenticated, Incoming } from '../domain/stages.ts';

export interface BodyPlan {
  /** Length of the object in bytes, framing excluded. */
  readonly length: number;
  /** `x-amz-content-sha256` towards the store, where the bytes pass as they are: the client's own hash, so that the store verifies it. */
  readonly payloadHash: string;
  /** With aws-chunked framing: the checksum that its trailer will bring. */
  readonly trailer: { readonly header: string; readonly checksum: ChecksumName } | undefined;
}

/** Largest object of one request, in bytes (Amazon S3 User Guide, "Uploading objects": 5 GiB). */
export const MAX_OBJECT = 5 * 1024 ** 3;

const SHA256 = /^[0-9a-f]{64}$/;

export function planBody({ incoming, payload }: Authenticated): BodyPlan {
  const kind = payload.hash;
  if (kind === 'STREAMING-UNSIGNED-PAYLOAD-TRAILER') return planChunked(incoming);
  if (kind.startsWith('STREAMING-')) {
    throw new Failure('not_implemented', `Bodies of the kind ${kind.slice(0, 60)} are not taken yet.`);
  }
  if (kind !== 'UNSIGNED-PAYLOAD' && !SHA256.test(kind)) {
    throw new Failure(
      'invalid_argument',
      'x-amz-content-sha256 is neither a SHA-256 in lower-case hex nor a known word.',
    );
  }
  if (/(^|[\s,])aws-chunked([\s,]|$)/i.test(incoming.headers['content-encoding'] ?? '')) {
    throw new Failure(
      'bad_request',
      'Content-Encoding says aws-chunked, but x-amz-content-sha256 does not say STREAMING-….',
    );
  }
  if (incoming.body.length === undefined) throw new Failure('missing_content_length');
  return { length: checkedLength(incoming.body.length), payloadHash: kind, trailer: undefined };
}

function planChunked({ headers }: Incoming): BodyPlan {
  const declared = headers['x-amz-decoded-content-length'];
  if (declared === undefined) throw new Failure('missing_content_length');
  if (!/^\d{1,15}$/.test(declared)) {
    throw new Failure('invalid_argument', 'x-amz-decoded-content-length is not a number of bytes.');
  }
  const header = headers['x-amz-trailer']?.toLowerCase();
  if (header === undefined) throw new Failure('malformed_trailer', 'The header x-amz-trailer is missing.');
  const checksum = checksumOfHeader(header);
  if (checksum === undefined) {
    const known = Object.keys(CHECKSUMS).join(', ');
    throw new Failure('not_implemented', `The trailer must be one x-amz-checksum-… of ${known}.`);
  }
  const length = checkedLength(Number(declared));
  return { length, payloadHash: 'UNSIGNED-PAYLOAD', trailer: { header, checksum } };
}

function checkedLength(length: number): number {
  if (length > MAX_OBJECT) throw new Failure('too_large');
  return length;
}
