/** The claim of a request that is signed in its `Authorization` header. */
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

const ALGORITHM = 'AWS4-HMAC-SHA256';

export function claimInHeader(authorization: string, headers: HeaderIndex): Claim {
  const fields = parseAuthorization(authorization);
  const { accessKey, scope } = parseCredential(fields.get('Credential') as string, 'malformed_header');
  const date = headers.once('x-amz-date');
  const time = parseDate(date, scope, 'malformed_header');
  return {
    form: 'header',
    accessKey,
    scope,
    signedHeaders: parseSignedHeaders(fields.get('SignedHeaders') as string, 'malformed_header'),
    signature: parseSignature(fields.get('Signature'), 'malformed_header'),
    date: date as string,
    time,
    expiresSeconds: undefined,
    payloadHash: parsePayloadHash(headers.once('x-amz-content-sha256') ?? refuse('no_payload_hash')),
    sessionToken: headers.once('x-amz-security-token'),
  };
}

/** `AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…`: each of the three once, in any order. */
function parseAuthorization(text: string): Map<string, string> {
  const space = text.indexOf(' ');
  if (text.slice(0, space) !== ALGORITHM) refuse('malformed_header');
  const fields = new Map<string, string>();
  for (const piece of text.slice(space + 1).split(',')) {
    const match = /^\s*(Credential|SignedHeaders|Signature)=([^\s,]+)\s*$/.exec(piece) ?? refuse('malformed_header');
    if (fields.has(match[1] as string)) refuse('malformed_header');
    fields.set(match[1] as string, match[2] as string);
  }
  if (fields.size !== 3) refuse('malformed_header');
  return fields;
}
