/** Signs a request to S3 in its headers (AWS Signature Version 4, "Authenticating Requests: Using the Authorization Header"). */
import type { ChunkSigner } from '../domain/identity.ts';
import { canonicalRequest, type Query, stringToSign } from './canonical-request.ts';
import { chunkSigner } from './chunk-chain.ts';
import type { SigningKeys } from './signing-key.ts';

export interface Credentials {
  readonly accessKey: string;
  readonly keys: SigningKeys;
  /** For temporary credentials. */
  readonly sessionToken?: string | undefined;
}

export interface RequestToSign {
  readonly method: string;
  /** Percent-encoded, as on the wire. */
  readonly path: string;
  readonly query: Query;
  /** Lower-case names; `host` is required. `mustBeSigned` selects the headers to sign. */
  readonly headers: Readonly<Record<string, string>>;
  readonly payloadHash: string;
  readonly region: string;
}

export interface SignedRequest {
  /** Of the request and of its signature, with lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** Signs the chunks of the body in order, if `payloadHash` is for signed chunks. */
  readonly chunks: ChunkSigner;
}

export function signRequest(request: RequestToSign, credentials: Credentials, now: Date): SignedRequest {
  const date = amzDate(now);
  const { method, path, query, payloadHash, region } = request;
  const headers: Record<string, string> = {
    ...request.headers,
    'x-amz-content-sha256': payloadHash,
    'x-amz-date': date,
  };
  if (credentials.sessionToken !== undefined) headers['x-amz-security-token'] = credentials.sessionToken;
  const signedHeaders = Object.keys(headers).filter(mustBeSigned).sort();
  const key = credentials.keys.of({ day: date.slice(0, 8), region, service: 's3' });
  const canonical = canonicalRequest({
    method,
    path,
    query,
    valueOf: (name) => headers[name],
    signedHeaders,
    payloadHash,
  });
  const signature = key.sign(stringToSign(date, key.scope, canonical));
  const credential = `${credentials.accessKey}/${key.scope}`;
  headers.authorization = `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${signedHeaders.join(';')}, Signature=${signature}`;
  return { headers, chunks: chunkSigner(key, date, key.scope, signature) };
}

/** The date that was formatted last: the requests of one second have the same. */
let latest = { second: Number.NaN, text: '' };

/** `20130524T000000Z`: ISO 8601 basic format in UTC. */
export function amzDate(time: Date): string {
  const second = Math.floor(time.getTime() / 1000);
  if (second !== latest.second) latest = { second, text: basic(time) };
  return latest.text;
}

function basic(time: Date): string {
  const iso = time.toISOString();
  return `${iso.slice(0, 4)}${iso.slice(5, 7)}${iso.slice(8, 13)}${iso.slice(14, 16)}${iso.slice(17, 19)}Z`;
}

/** S3 requires host, every x-amz-* header and, if present, Content-Type and Content-MD5. Proxies may change other headers. */
function mustBeSigned(name: string): boolean {
  return name === 'host' || name === 'content-type' || name === 'content-md5' || name.startsWith('x-amz-');
}
