/** Parses the claim in the query of a presigned request. */
import type { Query } from './canonical-request.ts';
import {
  type Claim,
  parseCredential,
  parseDate,
  parsePayloadHash,
  parseSignature,
  parseSignedHeaders,
} from './claim.ts';
import type { HeaderIndex } from './header-index.ts';
import { refuse } from './refusals.ts';

/** Any of these parameters makes a request presigned: an incomplete claim is an error, not an anonymous request. */
export const SIGNATURE_PARAMETER = /^X-Amz-(Algorithm|Credential|Date|Expires|SignedHeaders|Signature)$/;
const READ = /^X-Amz-(Algorithm|Credential|Date|Expires|SignedHeaders|Signature|Content-Sha256|Security-Token)$/;

/** Seven days, in seconds (Amazon S3 API Reference, "X-Amz-Expires"). */
const MAX_EXPIRES = 604_800;

export function claimInQuery(query: Query, headers: HeaderIndex): Claim {
  const parameters = readOnce(query);
  const needed = (name: string): string =>
    parameters.get(name) ?? refuse('malformed_query', `The query parameter ${name} is missing.`);
  if (needed('X-Amz-Algorithm') !== 'AWS4-HMAC-SHA256') refuse('malformed_query');
  const { accessKey, scope } = parseCredential(needed('X-Amz-Credential'), 'malformed_query');
  const date = needed('X-Amz-Date');
  return {
    form: 'query',
    accessKey,
    scope,
    signedHeaders: parseSignedHeaders(needed('X-Amz-SignedHeaders'), 'malformed_query'),
    signature: parseSignature(needed('X-Amz-Signature'), 'malformed_query'),
    date,
    time: parseDate(date, scope, 'malformed_query'),
    expiresSeconds: parseExpires(needed('X-Amz-Expires')),
    payloadHash: payloadHashOf(parameters, headers),
    sessionToken: parameters.get('X-Amz-Security-Token'),
    isKnown: false,
  };
}

function readOnce(query: Query): Map<string, string> {
  const parameters = new Map<string, string>();
  for (const [name, value] of query) {
    if (!READ.test(name)) continue;
    if (parameters.has(name)) refuse('malformed_query', `The query parameter ${name} occurs twice.`);
    parameters.set(name, value);
  }
  return parameters;
}

function parseExpires(text: string): number {
  const seconds = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
  if (!(seconds >= 1 && seconds <= MAX_EXPIRES)) {
    refuse('malformed_query', 'X-Amz-Expires is not a number of seconds from 1 to 604800.');
  }
  return seconds;
}

/** Signers send it in the query, in a signed header, or not at all; if both exist, they must be equal. */
function payloadHashOf(parameters: ReadonlyMap<string, string>, headers: HeaderIndex): string {
  const inQuery = parameters.get('X-Amz-Content-Sha256');
  const inHeader = headers.once('x-amz-content-sha256');
  if (inQuery !== undefined && inHeader !== undefined && inQuery !== inHeader) {
    refuse('wrong_signature', 'X-Amz-Content-Sha256 in the query and x-amz-content-sha256 in the headers differ.');
  }
  return parsePayloadHash(inQuery ?? inHeader ?? 'UNSIGNED-PAYLOAD');
}
