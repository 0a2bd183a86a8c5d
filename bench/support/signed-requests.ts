/** Uploads with a credential, signed beforehand by the AWS SDK's own signer. Signatures hold for 15 minutes: sign anew for each heat. */
import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import type { IdentityProvider } from './identity-provider.ts';
import { KEYS, plainRequest, type WrittenRequest } from './requests.ts';

export type Credential = 'none' | 'header' | 'presigned' | 'bearer' | 'session token';

export const REGION = 'us-east-1';
/** What clients sign with, and what those sign with that carry a token. */
export const ACCESS_KEY = { access_key: 'AKIDUPLOADER0000001', secret_key: 'kTx2v0lYw9QeR8uZs3bN5mHc7JpL1aGd4fXoWiVy' };
export const TOKEN_KEY = { access_key: 'jwt', secret_key: 'known-to-all-clients' };

/** How many different tokens there are; each is used for many requests, as by a client that uploads many parts. */
const TOKENS = 64;

/** One request for each key. @param size of the objects, in bytes. */
export async function requestsWith(
  credential: Credential,
  provider: IdentityProvider,
  size: number,
): Promise<WrittenRequest[]> {
  const plain = Array.from({ length: KEYS }, (_, key) => plainRequest(key, size));
  if (credential === 'none') return plain;
  if (credential === 'header') return Promise.all(plain.map((request) => sign(request, ACCESS_KEY)));
  if (credential === 'presigned') return Promise.all(plain.map(presign));
  const tokens = await Promise.all(Array.from({ length: TOKENS }, (_, i) => provider.token(`uploader-${i}`)));
  const tokenOf = (key: number): string => tokens[key % TOKENS]!;
  if (credential === 'bearer') return plain.map((request, key) => withBearer(request, tokenOf(key)));
  return Promise.all(plain.map((request, key) => sign(request, TOKEN_KEY, tokenOf(key))));
}

function withBearer({ headers, ...rest }: WrittenRequest, token: string): WrittenRequest {
  return { ...rest, headers: { ...headers, Authorization: `Bearer ${token}` } };
}

/** Signed in its headers: all of them but the user agent, as the SDKs do. */
export async function sign(request: WrittenRequest, key: typeof ACCESS_KEY, token?: string): Promise<WrittenRequest> {
  const { headers } = await signer(key, token).sign(signable(request, request.headers));
  return { ...request, headers };
}

/** Signed in its query, where only the host is signed: what a browser sends besides is its own affair. */
async function presign(request: WrittenRequest): Promise<WrittenRequest> {
  const { 'x-amz-content-sha256': hash, ...headers } = request.headers;
  const { Host: host } = headers;
  const unsigned = signable(request, { host: host!, 'x-amz-content-sha256': hash! });
  const { query } = await signer(ACCESS_KEY).presign(unsigned, { expiresIn: 900 });
  const pairs = Object.entries(query as Record<string, string>).map((pair) => pair.map(encodeURIComponent).join('='));
  return { ...request, target: `${request.target}?${pairs.join('&')}`, headers };
}

function signable({ method, target }: WrittenRequest, headers: WrittenRequest['headers']) {
  const { pathname: path, searchParams } = new URL(target, 'http://uploads.example');
  return {
    method,
    protocol: 'http:',
    hostname: 'uploads.example',
    path,
    query: Object.fromEntries(searchParams),
    headers,
  };
}

function signer({ access_key, secret_key }: typeof ACCESS_KEY, token?: string): SignatureV4 {
  return new SignatureV4({
    service: 's3',
    region: REGION,
    credentials: {
      accessKeyId: access_key,
      secretAccessKey: secret_key,
      ...(token !== undefined && { sessionToken: token }),
    },
    sha256: Sha256,
    uriEscapePath: false,
    applyChecksum: false,
  });
}

/** node:crypto in the shape that the signer takes. */
class Sha256 {
  readonly #hash: Hash | Hmac;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret as string);
  }

  update(data: string | Uint8Array): void {
    this.#hash.update(data);
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }
}
