/**
 * The authorization query: all that is known of a request before its body. Unknown values are left out, never null: a rule
 * that compares them is then undefined and allows nothing. In Rego, null is less than every number.
 */
import { FIXED_LIMITS } from '../domain/fixed-limits.ts';
import { OPERATIONS } from '../domain/operation.ts';
import type { Resolved } from '../domain/stages.ts';
import type { Decided } from './decision-cache.ts';

export interface AuthorizationQuery {
  /** Missing for an anonymous caller. */
  readonly subject: string | undefined;
  /** S3 operation. A POST form has the same as a PUT. */
  readonly action: string;
  readonly resource: {
    /** The name that clients use. */
    readonly bucket: string;
    /** The key under which the object will be stored. */
    readonly key: string;
  };
  readonly context: {
    readonly method: string;
    /** As it was sent, percent-encoding included. */
    readonly path: string;
    readonly ip: string | undefined;
    /** Object bytes that the client declares; missing if unknown, or if the request carries none. */
    readonly size: number | undefined;
    readonly content_type: string | undefined;
    readonly claims: Readonly<Record<string, unknown>>;
    readonly auth_method: string;
    /** The store's id of a multipart upload: the same for all its requests. */
    readonly upload_id: string | undefined;
    readonly part_number: number | undefined;
  };
}

export function queryOf(request: Resolved): AuthorizationQuery {
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
 * Of a framed body the declared length of the object, which the upload is held to. Of any other body its length in HTTP; of a large
 * file of a form, its upper bound.
 */
function sizeOf({ incoming, operation, payload }: Resolved): number | undefined {
  if (!OPERATIONS[operation].carriesObject) return undefined;
  if (!payload.hash.startsWith('STREAMING-')) return incoming.body.length ?? incoming.body.bounds?.most;
  const declared = incoming.headers['x-amz-decoded-content-length'] ?? '';
  return /^\d{1,15}$/.test(declared) ? Number(declared) : undefined;
}

const TOO_LARGE: Decided = { allow: false, reason: 'query_too_large' };

/**
 * The body of the query. A query that is too large is not sent, and denied.
 * @param query its parts that clients can make long are measured before the text is built.
 * @param document the query in the form of the engine.
 */
export function writeQuery({ context }: AuthorizationQuery, document: object): string | Decided {
  const most = FIXED_LIMITS.authorization_query_bytes;
  if (context.path.length + (context.content_type?.length ?? 0) > most) return TOO_LARGE;
  const text = JSON.stringify(document);
  return Buffer.byteLength(text) > most ? TOO_LARGE : text;
}
