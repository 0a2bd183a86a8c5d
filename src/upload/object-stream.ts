/**
 * A large object on its way: a Readable that the store connection drains at the store's pace. A slow store stops the
 * reading from the client; a client that fails or lies destroys the stream before its last byte, so that the store never
 * sees a complete request. Some lies show only at the very end, in a last signature or a missing boundary: therefore the
 * piece that completes the object, 64 KiB at most as sockets give them, is held back until all is verified.
 */
import { Readable } from 'node:stream';
import { AwsChunkedEncoder } from '../body/aws-chunked.ts';
import type { ChecksumName } from '../body/checksum.ts';
import { asFailure } from '../domain/failure.ts';
import type { Incoming, Transfer } from '../domain/stages.ts';
import { PieceJoiner } from '../kit/piece-joiner.ts';
import type { BodyPlan } from './body-plan.ts';
import { ClientReader } from './client-reader.ts';
import type { UploadScope } from './handler.ts';
import { type Checksums, ObjectDecoder } from './object-decoder.ts';

/**
 * Milliseconds that small pieces wait for more of them. The connection to the store keeps 64 KiB of pieces, whatever each
 * costs; nobody misses bytes that are late, because the store acts on the last one only, and that one never waits.
 */
const JOIN_MILLIS = 100;

export class ObjectStream extends Readable {
  readonly #transfer: Transfer;
  readonly #chunks: UploadScope['chunks'];
  #reader: ClientReader | undefined;
  #joining: NodeJS.Timeout | undefined;
  #fullSince: number | undefined;
  #givenBytes = 0;
  /** Verified; there when the stream has ended. */
  checksums: Checksums = new Map();

  private constructor({ transfer, chunks }: UploadScope) {
    super();
    this.on('error', ignore); // it can fail while nobody reads yet; whoever comes later sees that it is destroyed
    this.#transfer = transfer;
    this.#chunks = chunks;
  }

  /**
   * Asks the client for its body.
   * @param options.reframed whether the bytes come as the store shall get them, with their checksum as a trailer; or bare.
   * @param options.further a checksum that is wanted beyond those of the plan.
   */
  static async open(
    incoming: Incoming,
    plan: BodyPlan,
    scope: UploadScope,
    { reframed, further }: { reframed: boolean; further?: ChecksumName | undefined },
  ): Promise<ObjectStream> {
    const { transfer, pace } = scope;
    const stream = new ObjectStream(scope);
    const give = (bytes: Buffer): void => stream.#give(bytes);
    const { length, sent } = plan;
    const encoder =
      reframed && sent !== undefined && length !== undefined ? new AwsChunkedEncoder(length, give) : undefined;
    const pass = encoder === undefined ? give : (bytes: Buffer): void => encoder.write(bytes);
    const joiner = new PieceJoiner(pass);
    let last: Buffer | undefined;
    const withhold = (bytes: Buffer): void => {
      if (transfer.bytes !== length) stream.#join(joiner, bytes);
      else last = bytes;
    };
    const decoder = await ObjectDecoder.create({ plan, transfer }, withhold, further);
    const finish = async (): Promise<void> => {
      stream.checksums = await decoder.end();
      joiner.flush();
      if (last !== undefined) pass(last);
      if (sent !== undefined) encoder?.end(sent.header, stream.checksums.get(sent.checksum) as string);
      stream.push(null);
    };
    stream.#reader = new ClientReader(incoming.body.open(), pace, transfer, {
      bytes: (chunk) => decoder.write(chunk),
      end: () => void finish().catch((thrown) => stream.destroy(asFailure(thrown))),
      fail: (failure) => void stream.destroy(failure),
    });
    return stream;
  }

  get takenBytes(): number {
    return this.#givenBytes - this.readableLength;
  }

  override _read(): void {
    this.#countWait();
    this.#reader?.resume();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#reader?.stop();
    clearTimeout(this.#joining);
    this.#countWait();
    callback(error);
  }

  #countWait(): void {
    if (this.#fullSince === undefined) return;
    this.#transfer.storeWaitSeconds += (performance.now() - this.#fullSince) / 1000;
    this.#fullSince = undefined;
  }

  #join(joiner: PieceJoiner, bytes: Buffer): void {
    joiner.write(bytes);
    if (joiner.heldBytes > 0) this.#joining ??= setTimeout(() => this.#endJoining(joiner), JOIN_MILLIS);
  }

  #endJoining(joiner: PieceJoiner): void {
    this.#joining = undefined;
    joiner.flush();
  }

  #give(bytes: Buffer): void {
    this.#givenBytes += bytes.length;
    this.#chunks.passed(bytes.length);
    if (this.push(bytes) || this.#fullSince !== undefined) return;
    this.#fullSince = performance.now();
    this.#reader?.pause();
  }
}

const ignore = (): void => {};
