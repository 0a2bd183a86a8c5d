/**
 * What the head of a request says about the object's bytes: how they are framed, how many they are, which checksum comes
 * with them. Decided before the client is asked for a byte; what cannot be understood is refused, never guessed.
 */
import { CHECKSUMS, type ChecksumName, checksumOfHeader } from '../body/checksum.ts';
import { Failure } from '../domain/failure.ts';
import type { ChunkSignatures, Payload } from '../domain/identity.ts';
import type { Authenticated, Incoming } from '../domain/stages.ts';

export interface BodyPlan {
  /** Length of the object in bytes, framing excluded. */
  readonly length: number;
  /** `x-amz-content-sha256` towards the store, where the bytes pass as they are: the client's own hash, so that the store verifies it. */
  readonly payloadHash: string;
  /** The aws-chunked framing that is to be taken off; undefined where the bytes come without. */
  readonly framing: Framing | undefined;
  /** With aws-chunked framing: the checksum that its trailer will bring. */
  readonly trailer: { readonly header: string; readonly checksum: ChecksumName } | undefined;
}

export interface Framing {
  /** Undefined where the chunks are not signed, and must not be. */
  readonly signatures: ChunkSignatures | undefined;
}

/** Largest object of one request, in bytes (Amazon S3 User Guide, "Uploading objects": 5 GiB). */
export const MAX_OBJECT = 5 * 1024 ** 3;

const SHA256 = /^[0-9a-f]{64}$/;

export function planBody({ incoming, payload }: Authenticated): BodyPlan {
  if (payload.hash.startsWith('STREAMING-')) return planChunked(incoming, payload);
  if (payload.hash !== 'UNSIGNED-PAYLOAD' && !SHA256.test(payload.hash)) {
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
  const length = checkedLength(incoming.body.length);
  return { length, payloadHash: payload.hash, framing: undefined, trailer: undefined };
}

function planChunked(incoming: Incoming, payload: Payload): BodyPlan {
  const framing = framingOf(payload);
  const declared = incoming.headers['x-amz-decoded-content-length'];
  if (declared === undefined) throw new Failure('missing_content_length');
  if (!/^\d{1,15}$/.test(declared)) {
    throw new Failure('invalid_argument', 'x-amz-decoded-content-length is not a number of bytes.');
  }
  const trailer = payload.hash.endsWith('-TRAILER') ? trailerOf(incoming) : undefined;
  return { length: checkedLength(Number(declared)), payloadHash: 'UNSIGNED-PAYLOAD', framing, trailer };
}

/** The words are those of the Amazon S3 API Reference, "Authenticating Requests: Using the Authorization Header". */
function framingOf({ hash, chunks }: Payload): Framing {
  if (hash === 'STREAMING-UNSIGNED-PAYLOAD-TRAILER') return { signatures: undefined };
  if (hash !== 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD' && hash !== 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER') {
    throw new Failure(
      'not_implemented',
      `Bodies of the kind ${hash.slice(0, 60)} are not taken: chunks can be signed with AWS4-HMAC-SHA256, or not at all.`,
    );
  }
  if (chunks === undefined) {
    throw new Failure(
      'invalid_argument',
      'The chunks of the body are signed, but the request is not: nobody could verify them.',
    );
  }
  return { signatures: chunks };
}

function trailerOf({ headers }: Incoming): BodyPlan['trailer'] {
  const header = headers['x-amz-trailer']?.toLowerCase();
  if (header === undefined) throw new Failure('malformed_trailer', 'The header x-amz-trailer is missing.');
  const checksum = checksumOfHeader(header);
  if (checksum === undefined) {
    const known = Object.keys(CHECKSUMS).join(', ');
    throw new Failure('not_implemented', `The trailer must be one x-amz-checksum-… of ${known}.`);
  }
  return { header, checksum };
}

function checkedLength(length: number): number {
  if (length > MAX_OBJECT) throw new Failure('too_large');
  return length;
}
