/**
 * The ways in which clients send an object, as they look on the wire: written, summed and signed beforehand. Bodies are
 * lists of pieces that share the object's bytes where they can, so that large ones of all kinds fit into memory.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { CHECKSUMS, type ChecksumName } from '../../src/body/checksum.ts';
import { chunksOf, seedOf, signedFrames } from '../../test/support/chunk-signer.ts';
import { headOf, plainRequest, type WrittenRequest } from './requests.ts';
import { ACCESS_KEY, sign } from './signed-requests.ts';

export type BodyKind =
  | 'plain'
  | 'sha256'
  | 'md5'
  | 'crc32'
  | 'crc32c'
  | 'crc64nvme'
  | 'signed chunks'
  | 'undeclared'
  | 'part';

export interface Upload {
  readonly head: Buffer;
  readonly body: readonly Buffer[];
}

interface Shape {
  /** Beside those of every upload, instead of those of the same name. */
  headers(object: Buffer): Promise<Record<string, string>>;
  /** @param headers of the request as it was signed. */
  body(object: Buffer, headers: WrittenRequest['headers']): Promise<readonly Buffer[]>;
}

/** Of `aws-chunked` and `Transfer-Encoding: chunked`, in bytes: as the AWS SDK for JavaScript has them. */
const CHUNK = 64 * 1024;
const CRLF = Buffer.from('\r\n');

const whole: Shape['body'] = async (object) => [object];

const SHAPES: Readonly<Record<BodyKind, Shape>> = {
  plain: { headers: async () => ({}), body: whole },
  part: { headers: async () => ({}), body: whole },
  sha256: {
    headers: async (object) => ({ 'x-amz-content-sha256': createHash('sha256').update(object).digest('hex') }),
    body: whole,
  },
  md5: { headers: async (object) => ({ 'Content-MD5': await checksumOf('md5', object) }), body: whole },
  crc32: withTrailer('crc32'),
  crc32c: withTrailer('crc32c'),
  crc64nvme: withTrailer('crc64nvme'),
  'signed chunks': {
    headers: async ({ length }) => awsChunked('STREAMING-AWS4-HMAC-SHA256-PAYLOAD', length),
    body: async (object, headers) => signedFrames(seedOf(headers, ACCESS_KEY.secret_key), chunksOf(object, CHUNK)),
  },
  undeclared: {
    headers: async () => ({ 'Transfer-Encoding': 'chunked' }),
    body: async (object) => framed(object, ''),
  },
};

function withTrailer(checksum: ChecksumName): Shape {
  const name = `x-amz-checksum-${checksum}`;
  return {
    headers: async ({ length }) => ({
      ...awsChunked('STREAMING-UNSIGNED-PAYLOAD-TRAILER', length),
      'x-amz-trailer': name,
    }),
    body: async (object) => framed(object, `${name}:${await checksumOf(checksum, object)}\r\n`),
  };
}

function awsChunked(kind: string, length: number): Record<string, string> {
  return {
    'x-amz-content-sha256': kind,
    'Content-Encoding': 'aws-chunked',
    'x-amz-decoded-content-length': String(length),
  };
}

/** Both chunked codings frame alike where nothing is signed (RFC 9112, section 7.1). */
function framed(object: Buffer, trailer: string): Buffer[] {
  const size = (chunk: Buffer): Buffer => Buffer.from(`${chunk.length.toString(16)}\r\n`);
  return [
    ...chunksOf(object, CHUNK).flatMap((chunk) => [size(chunk), chunk, CRLF]),
    Buffer.from(`0\r\n${trailer}\r\n`),
  ];
}

async function checksumOf(name: ChecksumName, object: Buffer): Promise<string> {
  const sum = await CHECKSUMS[name].create();
  sum.update(object);
  return sum.digest();
}

export interface Wanted {
  readonly kind: BodyKind;
  /** Whether the requests are signed in their headers. */
  readonly signed: boolean;
  /** How many, each of a key of its own. */
  readonly keys: number;
  /** Of who will be sent them: parts belong to an upload, which is created there. */
  readonly port: number;
}

export function uploadsOf(object: Buffer, wanted: Wanted): Promise<Upload[]> {
  return Promise.all(Array.from({ length: wanted.keys }, (_, key) => uploadOf(key, object, wanted)));
}

async function uploadOf(key: number, object: Buffer, { kind, signed, port }: Wanted): Promise<Upload> {
  const { headers, body } = SHAPES[kind];
  const { 'Content-Length': _, ...common } = plainRequest(key, object.length).headers;
  const plain = { ...plainRequest(key, object.length), headers: { ...common, ...(await headers(object)) } };
  const target = kind === 'part' ? await partTarget(plain, port) : plain.target;
  const written = signed ? await sign({ ...plain, target }, ACCESS_KEY) : { ...plain, target };
  const pieces = await body(object, written.headers);
  return { head: Buffer.from(headOf(withLength(written, pieces))), body: pieces };
}

function withLength(written: WrittenRequest, body: readonly Buffer[]): WrittenRequest {
  if (written.headers['Transfer-Encoding'] !== undefined) return written;
  const length = body.reduce((sum, piece) => sum + piece.length, 0);
  return { ...written, headers: { ...written.headers, 'Content-Length': String(length) } };
}

/** @throws Error if no upload could be created. */
async function partTarget({ target, headers }: WrittenRequest, port: number): Promise<string> {
  const create = await sign({ method: 'POST', target: `${target}?uploads=`, headers }, ACCESS_KEY);
  const asked = request({ port, host: '127.0.0.1', method: 'POST', path: create.target, headers: create.headers });
  const [answer] = (await once(asked.end(), 'response')) as [IncomingMessage];
  const document = await text(answer);
  const id = /<UploadId>([^<]+)<\/UploadId>/.exec(document)?.[1];
  if (id === undefined) throw new Error(`no upload was created: ${document.slice(0, 500)}`);
  return `${target}?partNumber=1&uploadId=${encodeURIComponent(id)}`;
}
