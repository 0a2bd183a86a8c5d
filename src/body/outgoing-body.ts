/** A body towards the store, as a transport sends it. `length` is that of the sent bytes, framing included. */
import type { Readable } from 'node:stream';
import type { MovedBody } from '../domain/body-pump.ts';
import type { ChunkSigner } from '../domain/identity.ts';

export type OutgoingBody =
  | Buffer
  | { readonly stream: CountedStream; readonly length: number }
  /** The same bytes in every attempt. */
  | { readonly pieces: readonly Buffer[]; readonly length: number }
  /** The rest of it goes to the connection of the store without this thread. Only for a transport that can move. */
  | { readonly moved: MovedBody; readonly length: number }
  | undefined;

export interface CountedStream extends Readable {
  /** Bytes that the reader has read so far. */
  readonly readBytes: number;
  /** Of a body in signed chunks: called before its first byte is read. */
  signWith?(signer: ChunkSigner): void;
}

export function streamOf(body: OutgoingBody): CountedStream | undefined {
  return body !== undefined && 'stream' in body ? body.stream : undefined;
}
