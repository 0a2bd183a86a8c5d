/** A large object as the body of one request to the store: as it is, with a trailer behind it, or in signed chunks. */
import { pipeline } from 'node:stream';
import { AwsChunkedEncoder } from '../body/aws-chunked.ts';
import { CHECKSUMS } from '../body/checksum.ts';
import { SignedChunks } from '../body/signed-chunks.ts';
import type { Authorized } from '../domain/stages.ts';
import type { StoreBody } from '../s3/exchange.ts';
import type { StoreBucket } from '../s3/store-client.ts';
import type { BodyPlan, SentChecksum } from './body-plan.ts';
import type { UploadScope } from './handler.ts';
import { ObjectStream } from './object-stream.ts';

export type KnownLength = BodyPlan & { readonly length: number };

export interface Sending {
  readonly body: StoreBody;
  /** Where the bytes come from, if they stream. */
  readonly stream?: ObjectStream;
  readonly payloadHash: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Asks the client for its body. @param headers of the request to the store, which get those of the framing. */
export async function streamed(
  { incoming }: Authorized<StoreBucket>,
  plan: KnownLength,
  headers: Record<string, string>,
  scope: UploadScope,
): Promise<Sending> {
  const { length, payloadHash, sent, signed } = plan;
  const stream = await ObjectStream.open(incoming, plan, scope, { reframed: !signed });
  if (sent === undefined && !signed) return { body: { stream, length }, stream, payloadHash, headers };
  frame(headers, length);
  if (sent !== undefined) headers['x-amz-trailer'] = sent.header;
  return { ...(signed ? inSignedChunks(stream, length, sent) : inChunks(stream, length, sent!)), stream, headers };
}

type Framed = Pick<Sending, 'body' | 'payloadHash'>;

function inChunks(stream: ObjectStream, length: number, { header, checksum }: SentChecksum): Framed {
  const encoded = AwsChunkedEncoder.encodedLength(length, header, CHECKSUMS[checksum].encodedLength);
  return { body: { stream, length: encoded }, payloadHash: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER' };
}

function inSignedChunks(source: ObjectStream, length: number, sent: SentChecksum | undefined): Framed {
  const payloadHash = 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD';
  const stream = new SignedChunks(length, sent && (() => `${sent.header}:${source.checksums.get(sent.checksum)}`));
  pipeline(source, stream, () => {}); // one that fails destroys the other, and the call to the store says why
  const trailerLength = sent === undefined ? 0 : sent.header.length + 1 + CHECKSUMS[sent.checksum].encodedLength;
  const body = { stream, length: SignedChunks.encodedLength(length, trailerLength) };
  return { body, payloadHash: sent === undefined ? payloadHash : `${payloadHash}-TRAILER` };
}

/** Amazon S3 API Reference, "Transferring payload in multiple chunks (chunked upload)". */
function frame(headers: Record<string, string>, length: number): void {
  headers['content-encoding'] = ['aws-chunked', headers['content-encoding']].filter(Boolean).join(',');
  headers['x-amz-decoded-content-length'] = String(length);
}
