/** Signs requests with the AWS SDK's own signer and writes them as bytes: what our verifier reads, we did not write. */
import { createHash } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import { SmithySha256 } from '../../support/smithy-sha256.ts';

export const ACCESS_KEY = 'test-access';
export const SECRET_KEY = 'test-secret';
export const EMPTY_SHA256 = createHash('sha256').digest('hex');

export const sha256 = (bytes: string | Buffer): string => createHash('sha256').update(bytes).digest('hex');

export interface Unsigned {
  readonly method: string;
  /** Percent-encoded. */
  readonly path: string;
  readonly query?: Record<string, string>;
  /** Lower-case names; host and x-amz-content-sha256 come by themselves. */
  readonly headers?: Record<string, string>;
  readonly payloadHash?: string;
}

export interface SignerOptions {
  readonly accessKey?: string;
  readonly secretKey?: string;
  readonly sessionToken?: string;
  readonly now?: Date;
  readonly service?: string;
}

function signer({ accessKey = ACCESS_KEY, secretKey = SECRET_KEY, sessionToken, service = 's3' }: SignerOptions) {
  const credentials = { accessKeyId: accessKey, secretAccessKey: secretKey, ...(sessionToken && { sessionToken }) };
  return new SignatureV4({ service, region: 'us-east-1', credentials, sha256: SmithySha256, uriEscapePath: false });
}

const smithyRequest = (request: Unsigned, host: string, headers: Record<string, string>) => ({
  method: request.method,
  protocol: 'http:',
  hostname: host,
  path: request.path,
  query: request.query ?? {},
  headers: { host, ...request.headers, ...headers },
});

/** @returns all headers of the signed request, lower-case names. */
export async function signHeaders(
  request: Unsigned,
  host: string,
  options: SignerOptions = {},
): Promise<Record<string, string>> {
  const hash = { 'x-amz-content-sha256': request.payloadHash ?? EMPTY_SHA256 };
  const signingDate = options.now ?? new Date();
  return (await signer(options).sign(smithyRequest(request, host, hash), { signingDate })).headers;
}

/** @returns the target of the presigned request, path and query. */
export async function presignTarget(
  request: Unsigned,
  host: string,
  expiresIn: number,
  options: SignerOptions = {},
): Promise<string> {
  const signingDate = options.now ?? new Date();
  const unsigned = smithyRequest(request, host, { 'X-Amz-Content-Sha256': 'UNSIGNED-PAYLOAD' });
  const presigned = await signer(options).presign(unsigned, { signingDate, expiresIn });
  return `${request.path}?${queryText(presigned.query as Record<string, string>)}`;
}

export function queryText(query: Record<string, string>): string {
  return Object.entries(query)
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .join('&');
}

/** The head of a request as bytes. */
export function headText(method: string, target: string, headers: Record<string, string>): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n`;
}
