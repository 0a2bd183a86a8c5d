/**
 * What a policy engine is asked about: all that is known of a request before its body, and nothing that could be made up later.
 * What is not known is left out, never null: a rule that compares it is then undefined and allows nothing, while null is less
 * than every number in Rego.
 */
import { FIXED_LIMITS } from '../domain/fixed-limits.ts';
import { OPERATIONS } from '../domain/operation.ts';
import type { Resolved } from '../domain/stages.ts';
import type { Decided } from './decision-cache.ts';

export interface Question {
  /** Missing for an anonymous caller. */
  readonly subject: string | undefined;
  /** S3 operation. A POST form asks for the same as a PUT, and has the same name. */
  readonly action: string;
  readonly resource: {
    /** The name that clients use. */
    readonly bucket: string;
    /** The very key that will be stored. */
    readonly key: string;
  };
  readonly context: {
    readonly method: string;
    /** As it was sent, percent-encoding included. */
    readonly path: string;
    readonly ip: string | undefined;
    /** Object bytes that the client declares; missing where it does not, or the request has none. */
    readonly size: number | undefined;
    readonly content_type: string | undefined;
    readonly claims: Readonly<Record<string, unknown>>;
    readonly auth_method: string;
    /** The store's id of a multipart upload: the same for all its requests. */
    readonly upload_id: string | undefined;
    readonly part_number: number | undefined;
  };
}

export function questionOf(request: Resolved): Question {
  const { incoming, identity, operation, bucket, key, storeUploadId, partNumber } = request;
  return {
    subject: identity.subject,
    action: OPERATIONS[operation].actsAs ?? operation,
    resource: { bucket: bucket.name, key },
    context: {
      method: incoming.method,
      path: incoming.rawPath,
      ip: incoming.clientAddress,
      size: sizeOf(request),
      content_type: incoming.headers['content-type'],
      claims: identity.claims,
      auth_method: identity.method,
      upload_id: storeUploadId,
      part_number: partNumber,
    },
  };
}

/**
 * Of a framed body what the client says of the object: the upload is refused later if it turns out to be another. Of any other
 * body what HTTP says, whatever else the client says of it: of a large file of a form, the most that it can have.
 */
function sizeOf({ incoming, operation, payload }: Resolved): number | undefined {
  if (!OPERATIONS[operation].carriesObject) return undefined;
  if (!payload.hash.startsWith('STREAMING-')) return incoming.body.length ?? incoming.body.bounds?.most;
  const declared = incoming.headers['x-amz-decoded-content-length'] ?? '';
  return /^\d{1,15}$/.test(declared) ? Number(declared) : undefined;
}

const TOO_LARGE: Decided = { allow: false, reason: 'query_too_large' };

/**
 * The body of the query. One that is too large is not sent, and so is not allowed.
 * @param question what clients can make long in it is measured before the text is built.
 * @param document the question as the engine wants it.
 */
export function writeQuery({ context }: Question, document: object): string | Decided {
  const most = FIXED_LIMITS.authorization_query_bytes;
  if (context.path.length + (context.content_type?.length ?? 0) > most) return TOO_LARGE;
  const text = JSON.stringify(document);
  return Buffer.byteLength(text) > most ? TOO_LARGE : text;
}
