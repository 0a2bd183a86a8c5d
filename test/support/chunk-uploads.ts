/** Uploads in signed chunks to a gateway that knows one key: the head signed by the AWS SDK's signer, the chunks by ours. */
import { crc32 } from 'node:zlib';
import { type SignedRequest, signed } from './aws-signer.ts';
import { type Seed, seedOf } from './chunk-signer.ts';
import { type Answer, send } from './http-client.ts';

export const ACCESS_KEY = 'AKIADEVICE7';
const SECRET_KEY = 'a-secret-key-of-device-7';
const PAYLOAD = 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD';
export const TRAILER_NAME = 'x-amz-checksum-crc32';

/** The section `auth` of a bucket that takes these uploads. */
export const AUTH = {
  sigv4: { credentials: [{ access_key: ACCESS_KEY, secret_key: SECRET_KEY, subject: 'device-7' }] },
};

export interface ChunkUpload {
  /** Declared length of the object, in bytes; none is declared if it is undefined. */
  readonly length: number | undefined;
  /** Whether a trailer is announced. */
  readonly trailer?: boolean;
  readonly headers?: Record<string, string>;
}

/** @returns the head, and what its signature gives to the chunks. */
export async function signedHead(url: string, upload: ChunkUpload): Promise<[SignedRequest, Seed]> {
  const { length, trailer, headers } = upload;
  const request = await signed({
    url,
    path: '/uploads/k',
    accessKey: ACCESS_KEY,
    secretKey: SECRET_KEY,
    payloadHash: trailer ? `${PAYLOAD}-TRAILER` : PAYLOAD,
    headers: {
      'content-encoding': 'aws-chunked',
      ...(length !== undefined && { 'x-amz-decoded-content-length': String(length) }),
      ...(trailer && { 'x-amz-trailer': TRAILER_NAME }),
      ...headers,
    },
  });
  return [request, seedOf(request.headers, SECRET_KEY)];
}

/** @param wire the frames that are sent, made from the seed of the head. */
export async function sendChunks(
  url: string,
  upload: ChunkUpload,
  wire: (seed: Seed) => readonly Buffer[],
): Promise<Answer> {
  const [{ method, target, headers }, seed] = await signedHead(url, upload);
  return send(url, method, target, Buffer.concat(wire(seed)), headers);
}

export function trailerOf(bytes: Buffer): string {
  const value = Buffer.alloc(4);
  value.writeUInt32BE(crc32(bytes));
  return `${TRAILER_NAME}:${value.toString('base64')}`;
}

/** Status and S3 code. */
export const codeOf = ({ status, body }: Answer): string => `${status} ${/<Code>([^<]+)<\/Code>/.exec(body)?.[1]}`;
