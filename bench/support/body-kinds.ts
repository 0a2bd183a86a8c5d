/**
 * The forms in which clients send an object, as they are on the wire. Checksums and signatures are computed beforehand. Bodies are
 * lists of pieces that share memory where possible: a body of 1 GiB needs that of one block.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { CHECKSUMS, type ChecksumName } from '../../src/body/checksum.ts';
import { chunksOf, seedOf, signedFrames } from '../../test/support/chunk-signer.ts';
import { lengthOf } from './object-bytes.ts';
import { headOf, plainRequest, type WrittenRequest } from './requests.ts';
import { ACCESS_KEY, sign } from './signed-requests.ts';

/** `sha256` is the hash of the body in the signature, and the checksums without `header` are in a trailer of `aws-chunked`. */
export type BodyKind =
  | 'plain'
  | 'sha256'
  | 'md5'
  | 'crc32 header'
  | 'crc32c header'
  | 'crc64nvme header'
  | 'sha256 header'
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
  /** In addition to those of every upload, or instead of those of the same name. */
  headers(object: readonly Buffer[]): Promise<Record<string, string>>;
  /** @param headers of the request as it was signed. */
  body(object: readonly Buffer[], headers: WrittenRequest['headers']): Promise<readonly Buffer[]>;
}

/** Bytes of one chunk of `aws-chunked` and `Transfer-Encoding: chunked`, as in the AWS SDK for JavaScript. */
const CHUNK = 64 * 1024;
const CRLF = Buffer.from('\r\n');

const whole: Shape['body'] = async (object) => object;

const SHAPES: Readonly<Record<BodyKind, Shape>> = {
  plain: { headers: async () => ({}), body: whole },
  part: { headers: async () => ({}), body: whole },
  sha256: {
    headers: async (object) => ({ 'x-amz-content-sha256': payloadHash(object) }),
    body: whole,
  },
  md5: { headers: async (object) => ({ 'Content-MD5': await checksumOf('md5', object) }), body: whole },
  'crc32 header': withHeader('crc32'),
  'crc32c header': withHeader('crc32c'),
  'crc64nvme header': withHeader('crc64nvme'),
  'sha256 header': withHeader('sha256'),
  crc32: withTrailer('crc32'),
  crc32c: withTrailer('crc32c'),
  crc64nvme: withTrailer('crc64nvme'),
  'signed chunks': {
    headers: async (object) => awsChunked('STREAMING-AWS4-HMAC-SHA256-PAYLOAD', lengthOf(object)),
    body: async (object, headers) => {
      const chunks = object.flatMap((piece) => chunksOf(piece, CHUNK));
      return signedFrames(seedOf(headers, ACCESS_KEY.secret_key), chunks);
    },
  },
  undeclared: {
    headers: async () => ({ 'Transfer-Encoding': 'chunked' }),
    body: async (object) => framed(object, ''),
  },
};

function withHeader(checksum: ChecksumName): Shape {
  return {
    headers: async (object) => ({ [`x-amz-checksum-${checksum}`]: await checksumOf(checksum, object) }),
    body: whole,
  };
}

function withTrailer(checksum: ChecksumName): Shape {
  const name = `x-amz-checksum-${checksum}`;
  return {
    headers: async (object) => ({
      ...awsChunked('STREAMING-UNSIGNED-PAYLOAD-TRAILER', lengthOf(object)),
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

/** Both chunked codings have the same frames where nothing is signed (RFC 9112, section 7.1). */
function framed(object: readonly Buffer[], trailer: string): Buffer[] {
  const distinct = new Map([...new Set(object)].map((piece) => [piece, framesOf(piece)]));
  return [...object.map((piece) => distinct.get(piece)!), Buffer.from(`0\r\n${trailer}\r\n`)];
}

function framesOf(piece: Buffer): Buffer {
  const size = (chunk: Buffer): Buffer => Buffer.from(`${chunk.length.toString(16)}\r\n`);
  return Buffer.concat(chunksOf(piece, CHUNK).flatMap((chunk) => [size(chunk), chunk, CRLF]));
}

function payloadHash(object: readonly Buffer[]): string {
  const hash = createHash('sha256');
  for (const piece of object) hash.update(piece);
  return hash.digest('hex');
}

async function checksumOf(name: ChecksumName, object: readonly Buffer[]): Promise<string> {
  const sum = await CHECKSUMS[name].create();
  for (const piece of object) sum.update(piece);
  return sum.digest();
}

export interface Wanted {
  readonly kind: BodyKind;
  /** Whether the requests are signed in their headers. */
  readonly signed: boolean;
  /** The number of requests, each with another key. */
  readonly keys: number;
  /** Of the receiver: parts belong to an upload, which is created there. */
  readonly port: number;
}

/** @param object in pieces, see object-bytes.ts. */
export function uploadsOf(object: readonly Buffer[], wanted: Wanted): Promise<Upload[]> {
  return Promise.all(Array.from({ length: wanted.keys }, (_, key) => uploadOf(key, object, wanted)));
}

async function uploadOf(key: number, object: readonly Buffer[], { kind, signed, port }: Wanted): Promise<Upload> {
  const { headers, body } = SHAPES[kind];
  const request = plainRequest(key, lengthOf(object));
  const { 'Content-Length': _, ...common } = request.headers;
  const plain = { ...request, headers: { ...common, ...(await headers(object)) } };
  const target = kind === 'part' ? await partTarget(plain, port) : plain.target;
  const written = signed ? await sign({ ...plain, target }, ACCESS_KEY) : { ...plain, target };
  const pieces = await body(object, written.headers);
  return { head: Buffer.from(headOf(withLength(written, pieces))), body: pieces };
}

function withLength(written: WrittenRequest, body: readonly Buffer[]): WrittenRequest {
  if (written.headers['Transfer-Encoding'] !== undefined) return written;
  return { ...written, headers: { ...written.headers, 'Content-Length': String(lengthOf(body)) } };
}

/** @throws Error if no upload could be created. */
async function partTarget({ target, headers }: WrittenRequest, port: number): Promise<string> {
  const create = await sign({ method: 'POST', target: `${target}?uploads=`, headers }, ACCESS_KEY);
  const outgoing = request({ port, host: '127.0.0.1', method: 'POST', path: create.target, headers: create.headers });
  const [response] = (await once(outgoing.end(), 'response')) as [IncomingMessage];
  const document = await text(response);
  const id = /<UploadId>([^<]+)<\/UploadId>/.exec(document)?.[1];
  if (id === undefined) throw new Error(`no upload was created: ${document.slice(0, 500)}`);
  return `${target}?partNumber=1&uploadId=${encodeURIComponent(id)}`;
}
