/** Parses the claim in the `Authorization` header. */
import {
  type Claim,
  parseCredential,
  parseDate,
  parsePayloadHash,
  parseSignature,
  parseSignedHeaders,
  type Signer,
} from './claim.ts';
import type { HeaderIndex } from './header-index.ts';
import { refuse } from './refusals.ts';
import { amzDate } from './sign-request.ts';
import { type SignerCache, signatureOf } from './signer-cache.ts';
import type { Scope } from './signing-key.ts';

const ALGORITHM = 'AWS4-HMAC-SHA256';

export function claimInHeader(authorization: string, headers: HeaderIndex, signers: SignerCache): Claim {
  const known = signers.find(authorization);
  if (known !== undefined)
    return claimOf(known, true, signatureOf(authorization), dateIn(headers, known.scope), headers);
  const fields = parseAuthorization(authorization);
  const credential = parseCredential(fields.get('Credential') as string, 'malformed_header');
  const date = dateIn(headers, credential.scope);
  const signedHeaders = parseSignedHeaders(fields.get('SignedHeaders') as string, 'malformed_header');
  const signature = parseSignature(fields.get('Signature'), 'malformed_header');
  return claimOf({ ...credential, signedHeaders }, false, signature, date, headers);
}

function claimOf(
  { accessKey, scope, signedHeaders }: Signer,
  isKnown: boolean,
  signature: string,
  { date, time }: Pick<Claim, 'date' | 'time'>,
  headers: HeaderIndex,
): Claim {
  return {
    form: 'header',
    accessKey,
    scope,
    signedHeaders,
    signature,
    date,
    time,
    expiresSeconds: undefined,
    payloadHash: parsePayloadHash(headers.once('x-amz-content-sha256') ?? refuse('no_payload_hash')),
    sessionToken: headers.once('x-amz-security-token'),
    isKnown,
  };
}

function dateIn(headers: HeaderIndex, scope: Scope): Pick<Claim, 'date' | 'time'> {
  const date = headers.once('x-amz-date') ?? basicDate(headers.once('date'));
  const time = parseDate(date, scope, 'malformed_header');
  return { date: date as string, time };
}

/** RFC 9110, section 5.6.7, also with the equivalent offset of RFC 5322. */
const HTTP_DATE =
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d{2}:\d{2}:\d{2} (?:GMT|UTC|[+-]0000)$/;

/**
 * Without `x-amz-date`, the `Date` header applies. The string to sign has the basic form of ISO 8601 in both cases
 * (AWS Signature Version 4, "Elements of an AWS API request signature").
 */
function basicDate(text: string | undefined): string | undefined {
  if (text === undefined || !HTTP_DATE.test(text)) return text;
  const time = Date.parse(text);
  return Number.isNaN(time) ? undefined : amzDate(new Date(time));
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
