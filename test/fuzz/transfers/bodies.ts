/** The bodies of uploads in every framing, with every kind of promise, right and wrong. */
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { awsChunked, chunkedHeaders } from '../../support/http-client.ts';
import { below, oneOf, type Random } from '../random-text.ts';

export interface Body {
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Buffer;
}

/** Largest chunks. */
const CHUNK_BYTES = [1_000, 20_000, 120_000];

/** @param promised the object of which the client promises something. @param sent the object that it sends. */
type MakeBody = (random: Random, promised: Buffer, sent: Buffer) => Body;

export const BODIES = {
  plain: (_, __, sent) => declared(sent),
  crc32: (_, promised, sent) => declared(sent, { 'x-amz-checksum-crc32': crc32Of(promised) }),
  sha256: (_, promised, sent) => declared(sent, { 'x-amz-content-sha256': hashOf('sha256', promised, 'hex') }),
  md5: (_, promised, sent) => declared(sent, { 'content-md5': hashOf('md5', promised, 'base64') }),
  'aws-chunked': (random, promised, sent) => {
    const bytes = awsChunked(
      sent,
      `x-amz-checksum-crc32:${crc32Of(promised)}`,
      1 + below(random, oneOf(random, CHUNK_BYTES)),
    );
    return declared(bytes, chunkedHeaders(sent.length));
  },
  chunked: (random, promised, sent) => ({
    headers: { 'transfer-encoding': 'chunked', 'x-amz-checksum-crc32': crc32Of(promised) },
    bytes: httpChunked(random, sent),
  }),
} as const satisfies Record<string, MakeBody>;

export type BodyKind = keyof typeof BODIES;

export const BODY_KINDS = Object.keys(BODIES) as readonly BodyKind[];

function declared(bytes: Buffer, headers: Record<string, string> = {}): Body {
  return { headers: { 'content-length': String(bytes.length), ...headers }, bytes };
}

function httpChunked(random: Random, object: Buffer): Buffer {
  const pieces: Buffer[] = [];
  for (let at = 0; at < object.length; ) {
    const chunk = object.subarray(at, at + 1 + below(random, oneOf(random, CHUNK_BYTES)));
    pieces.push(Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n'));
    at += chunk.length;
  }
  return Buffer.concat([...pieces, Buffer.from('0\r\n\r\n')]);
}

function crc32Of(bytes: Buffer): string {
  const value = Buffer.alloc(4);
  value.writeUInt32BE(crc32(bytes));
  return value.toString('base64');
}

const hashOf = (name: 'sha256' | 'md5', bytes: Buffer, encoding: 'hex' | 'base64'): string =>
  createHash(name).update(bytes).digest(encoding);
