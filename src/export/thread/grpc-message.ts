/** Messages on the wire: a flag for compression, four bytes of length, and the content ("gRPC over HTTP2", Length-Prefixed-Message). */
import { BoundedBuffer } from '../../kit/bounded-buffer.ts';
import { decodeContent, UndecodableContent } from '../../kit/decode-content.ts';
import type { GrpcStatus } from './grpc-status.ts';

const PREFIX_BYTES = 5;
/** In bytes. A response of OTLP has the number of rejected items and a message. */
const MAX_MESSAGE = 64 * 1024;
const TOO_LARGE: GrpcStatus = { code: 'INTERNAL', message: `the response is larger than max (${MAX_MESSAGE} bytes)` };

/** Encodings that `GrpcMessageReader` decodes. */
export const ACCEPTED_ENCODINGS = 'identity,deflate,gzip';
const KNOWN = new Set(ACCEPTED_ENCODINGS.split(','));

export function messagePrefix(length: number, isCompressed: boolean): Buffer {
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt8(isCompressed ? 1 : 0, 0);
  prefix.writeUInt32BE(length, 1);
  return prefix;
}

/** Reads the only message of a response. */
export class GrpcMessageReader {
  readonly #received = new BoundedBuffer(PREFIX_BYTES + MAX_MESSAGE);

  /** @returns a failure as soon as the message exceeds the limit. */
  add(chunk: Buffer): GrpcStatus | undefined {
    const fits = this.#received.add(chunk);
    return fits && this.#end <= PREFIX_BYTES + MAX_MESSAGE ? undefined : TOO_LARGE;
  }

  /** @param encoding `grpc-encoding` of the response. @returns the content, or a failure. */
  message(encoding = 'identity'): Buffer | GrpcStatus {
    const { bytes } = this.#received;
    // A unary call has one response message: the codes are those for a violation of that ("Status codes and their use in gRPC").
    if (bytes.length < this.#end) return { code: 'UNIMPLEMENTED', message: 'the response has no complete message' };
    if (bytes.length > this.#end) return { code: 'UNIMPLEMENTED', message: 'the response has more than one message' };
    const content = bytes.subarray(PREFIX_BYTES);
    return bytes[0] === 0 ? content : decompressed(content, encoding);
  }

  /** Where the message ends, as far as is known. */
  get #end(): number {
    const { bytes } = this.#received;
    return PREFIX_BYTES + (bytes.length < PREFIX_BYTES ? 0 : bytes.readUInt32BE(1));
  }
}

function decompressed(content: Buffer, encoding: string): Buffer | GrpcStatus {
  if (!KNOWN.has(encoding) || encoding === 'identity')
    return { code: 'INTERNAL', message: 'the response is compressed with an unknown encoding' };
  try {
    return decodeContent(content, encoding, MAX_MESSAGE);
  } catch (error) {
    if (error instanceof UndecodableContent && error.isTooLarge) return TOO_LARGE;
    return { code: 'INTERNAL', message: `the response is not valid ${encoding}` };
  }
}
