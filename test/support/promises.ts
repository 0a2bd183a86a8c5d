/** The ways in which a client can promise something about its bytes, and the ways in which it can send them: every pair of them. */
import { createHash } from 'node:crypto';
import { CHECKSUMS, type ChecksumName } from '../../src/body/checksum.ts';
import { chunksOf, signedFrames } from './chunk-signer.ts';
import { formOf } from './forms.ts';
import { type Answer, awsChunked, send } from './http-client.ts';

/** Two parts, where a part has 5 MiB. */
const TWO_PARTS = 5_500_000;
const SEED = { secretKey: 'any', date: '20300101T000000Z', region: 'us-east-1', signature: 'a'.repeat(64) };

/** What goes over the wire beside the request line. */
interface Wire {
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

export interface Promising {
  readonly name: string;
  readonly kind: 'header' | 'framing';
  wire(bytes: Buffer): Promise<Wire>;
}

export interface Sending {
  readonly name: string;
  readonly size: number;
  readonly declared: boolean;
  readonly as: 'object' | 'part' | 'form';
}

const checksumOf = async (name: ChecksumName, bytes: Buffer): Promise<string> => {
  const checksum = await CHECKSUMS[name].create();
  checksum.update(bytes);
  return checksum.digest();
};

const inHeader = (name: string, headerOf: (bytes: Buffer) => Promise<Record<string, string>>): Promising => ({
  name,
  kind: 'header',
  wire: async (body) => ({ headers: await headerOf(body), body }),
});

const NAMES = Object.keys(CHECKSUMS) as ChecksumName[];
const framed = { 'content-encoding': 'aws-chunked' };
const decoded = (bytes: Buffer) => ({ 'x-amz-decoded-content-length': String(bytes.length) });

function inTrailer(name: ChecksumName, signed: boolean): Promising {
  return {
    name: `${name} in ${signed ? 'a signed' : 'an unsigned'} trailer`,
    kind: 'framing',
    wire: async (bytes) => {
      const header = `x-amz-checksum-${name}`;
      const trailer = `${header}:${await checksumOf(name, bytes)}`;
      const hash = signed ? 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER' : 'STREAMING-UNSIGNED-PAYLOAD-TRAILER';
      const body = signed ? Buffer.concat(signedFrames(SEED, chunksOf(bytes), trailer)) : awsChunked(bytes, trailer);
      return {
        headers: { ...framed, ...decoded(bytes), 'x-amz-content-sha256': hash, 'x-amz-trailer': header },
        body,
      };
    },
  };
}

const IN_SIGNED_CHUNKS: Promising = {
  name: 'signed chunks',
  kind: 'framing',
  wire: async (bytes) => ({
    headers: { ...framed, ...decoded(bytes), 'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD' },
    body: Buffer.concat(signedFrames(SEED, chunksOf(bytes))),
  }),
};

export const PROMISES: readonly Promising[] = [
  inHeader('a SHA-256 of the payload', async (bytes) => ({
    'x-amz-content-sha256': createHash('sha256').update(bytes).digest('hex'),
  })),
  inHeader('Content-MD5', async (bytes) => ({ 'content-md5': await checksumOf('md5', bytes) })),
  ...NAMES.map((name) =>
    inHeader(`x-amz-checksum-${name}`, async (bytes) => ({
      [`x-amz-checksum-${name}`]: await checksumOf(name, bytes),
    })),
  ),
  ...NAMES.map((name) => inTrailer(name, false)),
  IN_SIGNED_CHUNKS,
  inTrailer('crc32', true),
];

export const SENDINGS: readonly Sending[] = [
  { name: 'a small object', size: 5_000, declared: true, as: 'object' },
  { name: 'an object in one stream', size: 400_000, declared: true, as: 'object' },
  { name: 'an object in parts', size: TWO_PARTS, declared: true, as: 'object' },
  { name: 'a small object of undeclared length', size: 5_000, declared: false, as: 'object' },
  { name: 'a large object of undeclared length', size: TWO_PARTS, declared: false, as: 'object' },
  { name: 'a small part', size: 5_000, declared: true, as: 'part' },
  { name: 'a part in one stream', size: 400_000, declared: true, as: 'part' },
  { name: 'a part of undeclared length', size: 5_000, declared: false, as: 'part' },
  { name: 'the small file of a form', size: 5_000, declared: true, as: 'form' },
  { name: 'the large file of a form', size: TWO_PARTS, declared: true, as: 'form' },
];

/** A form frames its file itself, and signs no payload. A part may have no checksum but that with which its upload was created. */
export function arePossible({ name, kind }: Promising, { as }: Sending): boolean {
  if (as === 'form') return kind === 'header' && name !== 'a SHA-256 of the payload';
  return as !== 'part' || ['a SHA-256 of the payload', 'Content-MD5', 'signed chunks'].includes(name);
}

/** Sends the bytes to the bucket `uploads`. A part is a whole upload of one part: the response is that of the part, or of the completion. */
export async function sendPromised(url: string, key: string, bytes: Buffer, promising: Promising, sending: Sending) {
  const { headers, body } = await promising.wire(bytes);
  if (sending.as === 'form') return sendForm(url, key, bytes, headers);
  const { 'x-amz-decoded-content-length': _, ...undeclared } = headers;
  const all = sending.declared ? headers : { ...undeclared, 'transfer-encoding': 'chunked' };
  if (sending.as === 'object') return send(url, 'PUT', `/uploads/${key}`, body, all);
  return sendPart(url, key, body, all);
}

async function sendForm(url: string, key: string, bytes: Buffer, headers: Record<string, string>): Promise<Answer> {
  const response = await fetch(`${url}/uploads`, { method: 'POST', body: formOf({ key, ...headers }, bytes) });
  return { status: response.status, headers: {}, body: await response.text() };
}

async function sendPart(url: string, key: string, body: Buffer, headers: Record<string, string>): Promise<Answer> {
  const created = await send(url, 'POST', `/uploads/${key}?uploads`, '');
  const id = /<UploadId>([^<]+)</.exec(created.body)?.[1];
  const part = await send(url, 'PUT', `/uploads/${key}?partNumber=1&uploadId=${id}`, body, headers);
  if (part.status !== 200) return part;
  const etag = part.headers.etag;
  const list = `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${etag}</ETag></Part></CompleteMultipartUpload>`;
  return send(url, 'POST', `/uploads/${key}?uploadId=${id}`, list);
}
