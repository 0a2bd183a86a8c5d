/** Verifies the signatures of the chunks of a signed stream: it hashes the bytes and keeps none of them. */
import { createHash, type Hash } from 'node:crypto';
import { Failure } from '../domain/failure.ts';
import type { ChunkSignatures } from '../domain/identity.ts';

/** In bytes; only the last chunk may have less (Amazon S3 API Reference, "Transferring Payload in Multiple Chunks"). */
const SMALLEST_CHUNK = 8 * 1024;

export class ChunkVerifier {
  readonly #signatures: ChunkSignatures;
  #hash: Hash = createHash('sha256');
  #signature = '';
  #hasSmallChunk = false;

  constructor(signatures: ChunkSignatures) {
    this.#signatures = signatures;
  }

  /** @throws Failure invalid_chunk if the chunk before should have been the last with bytes in it. */
  open(size: number, signature: string): void {
    if (size > 0 && this.#hasSmallChunk) {
      throw new Failure('invalid_chunk', 'A chunk that is not the last is smaller than 8 KiB.');
    }
    this.#hasSmallChunk = size < SMALLEST_CHUNK;
    this.#signature = signature;
    this.#hash = createHash('sha256');
  }

  update(bytes: Buffer): void {
    this.#hash.update(bytes);
  }

  /** All bytes of the chunk have passed. @throws Failure signature_refused. */
  close(): void {
    if (this.#signatures.verifyChunk(this.#hash.digest('hex'), this.#signature)) return;
    const message = 'The signature of a chunk does not match its bytes and its place.';
    throw new Failure('signature_refused', message, { reason: 'chunk_signature' });
  }

  /** @throws Failure signature_refused. */
  verifyTrailers(trailers: ReadonlyMap<string, string>, signature: string): void {
    const hash = createHash('sha256');
    for (const [name, value] of trailers) hash.update(`${name}:${value}\n`);
    if (this.#signatures.verifyTrailer(hash.digest('hex'), signature)) return;
    const message = 'The signature of the trailer does not match it.';
    throw new Failure('signature_refused', message, { reason: 'trailer_signature' });
  }
}
