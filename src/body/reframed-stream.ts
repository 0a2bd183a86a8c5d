/** A large object as the body of one request to the store: as it is, with a trailer, or in signed chunks. */
import { pipeline } from 'node:stream';
import type { Incoming } from '../domain/stages.ts';
import { AwsChunkedEncoder } from './aws-chunked.ts';
import type { BodyPlan, SentChecksum } from './body-plan.ts';
import { CHECKSUMS } from './checksum.ts';
import { ObjectStream } from './object-stream.ts';
import type { OutgoingBody } from './outgoing-body.ts';
import type { BodyReading } from './reading.ts';
import { SignedChunks } from './signed-chunks.ts';

/** A plan for which one request to the store can declare the length. */
export type KnownLength = BodyPlan & { readonly length: number };

export interface ReframedStream {
  readonly body: OutgoingBody;
  /** The object's bytes, before they are framed. */
  readonly source: ObjectStream;
  readonly payloadHash: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Requests the body from the client. @param headers of the request to the store, to which those of the framing are added. */
export async function openReframed(
  incoming: Incoming,
  plan: KnownLength,
  headers: Readonly<Record<string, string>>,
  reading: BodyReading,
): Promise<ReframedStream> {
  const { length, payloadHash, sent, signed } = plan;
  const source = await ObjectStream.open(incoming, plan, reading, { reframed: !signed });
  if (sent === undefined && !signed) return { body: { stream: source, length }, source, payloadHash, headers };
  const framed = signed ? inSignedChunks(source, length, sent) : inChunks(source, length, sent!);
  return { ...framed, source, headers: framedHeaders(headers, length, sent) };
}

type Framed = Pick<ReframedStream, 'body' | 'payloadHash'>;

function inChunks(stream: ObjectStream, length: number, sent: SentChecksum): Framed {
  return { body: { stream, length: chunkedLength(length, sent) }, payloadHash: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER' };
}

/** Bytes of an object with unsigned framing and the checksum as its trailer. */
export function chunkedLength(length: number, { header, checksum }: SentChecksum): number {
  return AwsChunkedEncoder.encodedLength(length, header, CHECKSUMS[checksum].encodedLength);
}

function inSignedChunks(source: ObjectStream, length: number, sent: SentChecksum | undefined): Framed {
  const payloadHash = 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD';
  const stream = new SignedChunks(length, sent && (() => `${sent.header}:${source.checksums.get(sent.checksum)}`));
  pipeline(source, stream, () => {}); // if one fails, the other is destroyed, and the store call reports the error
  const trailerLength = sent === undefined ? 0 : sent.header.length + 1 + CHECKSUMS[sent.checksum].encodedLength;
  const body = { stream, length: SignedChunks.encodedLength(length, trailerLength) };
  return { body, payloadHash: sent === undefined ? payloadHash : `${payloadHash}-TRAILER` };
}

/** Amazon S3 API Reference, "Transferring payload in multiple chunks (chunked upload)". */
export function framedHeaders(
  headers: Readonly<Record<string, string>>,
  length: number,
  sent: SentChecksum | undefined,
): Record<string, string> {
  return {
    ...headers,
    'content-encoding': ['aws-chunked', headers['content-encoding']].filter(Boolean).join(','),
    'x-amz-decoded-content-length': String(length),
    ...(sent !== undefined && { 'x-amz-trailer': sent.header }),
  };
}
