/** Requests signed by the AWS SDK's own signer, as they go over the wire: so that a test can spoil them afterwards. */
import { createHash } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import { SmithySha256 } from './smithy-sha256.ts';

export interface ToSign {
  readonly url: string;
  readonly method?: string;
  /** Percent-encoded. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Instead of the hash of the body. */
  readonly payloadHash?: string;
  readonly accessKey: string;
  readonly secretKey: string;
  readonly sessionToken?: string;
  readonly region?: string;
  readonly service?: string;
  readonly at?: Date;
}

export interface SignedRequest {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly headers: Record<string, string>;
}

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

function signerOf({ accessKey, secretKey, sessionToken, region = 'us-east-1', service = 's3' }: ToSign): SignatureV4 {
  const credentials = { accessKeyId: accessKey, secretAccessKey: secretKey, ...(sessionToken && { sessionToken }) };
  return new SignatureV4({
    service,
    region,
    credentials,
    sha256: SmithySha256,
    uriEscapePath: false,
    applyChecksum: false,
  });
}

function requestOf({ url, method = 'PUT', path, query = {}, headers = {} }: ToSign) {
  const { host, hostname } = new URL(url);
  return { method, protocol: 'http:', hostname, path, query: { ...query }, headers: { host, ...headers } };
}

/** Signed in its headers. */
export async function signed(toSign: ToSign): Promise<SignedRequest> {
  const hash = toSign.payloadHash ?? sha256(toSign.body ?? '');
  const request = requestOf({ ...toSign, headers: { 'x-amz-content-sha256': hash, ...toSign.headers } });
  const { headers } = await signerOf(toSign).sign(request, { signingDate: toSign.at ?? new Date() });
  return { method: request.method, target: targetOf(toSign.path, request.query), headers };
}

/** Signed in its query. @param expiresIn seconds. */
export async function presigned(toSign: ToSign, expiresIn = 60): Promise<SignedRequest> {
  const request = requestOf({ ...toSign, headers: { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD', ...toSign.headers } });
  const signer = signerOf(toSign);
  const { query, headers } = await signer.presign(request, { signingDate: toSign.at ?? new Date(), expiresIn });
  return { method: request.method, target: targetOf(toSign.path, query as Record<string, string>), headers };
}

function targetOf(path: string, query: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(query).map(
    ([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`,
  );
  return pairs.length === 0 ? path : `${path}?${pairs.join('&')}`;
}
