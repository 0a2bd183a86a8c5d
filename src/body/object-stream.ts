/**
 * A large object on its way: a Readable that the connection to the store drains. A slow store stops the reads from the
 * client. A client that disconnects or breaks a promise destroys the stream before its last byte, so the store never gets
 * a complete request. Some broken promises show only at the end, in a last signature or a missing boundary. The piece that
 * completes the object (64 KiB at most, as sockets deliver them) is therefore withheld until everything is verified.
 */
import { Readable } from 'node:stream';
import { asFailure } from '../domain/failure.ts';
import type { Incoming } from '../domain/stages.ts';
import { PieceJoiner } from '../kit/piece-joiner.ts';
import { AwsChunkedEncoder } from './aws-chunked.ts';
import type { BodyPlan } from './body-plan.ts';
import type { ChecksumName } from './checksum.ts';
import { ClientReader } from './client-reader.ts';
import { type Checksums, ObjectDecoder } from './object-decoder.ts';
import type { BodyReading } from './reading.ts';
import type { Wait } from './transfer-clock.ts';

/**
 * Milliseconds for which small pieces are held to be joined. The connection to the store queues 64 KiB of pieces, however
 * much memory each piece costs. The delay is harmless: the store acts on the last byte only, which is never delayed.
 */
const JOIN_MILLIS = 100;

interface StreamOptions {
  readonly reframed: boolean;
  readonly further?: ChecksumName | undefined;
  readonly readHere?: boolean;
}

export class ObjectStream extends Readable {
  /** Runs while the connection to the store does not read. Undefined if the gateway reads the stream. */
  readonly #full: Wait | undefined;
  readonly #chunks: BodyReading['chunks'];
  #reader: ClientReader | undefined;
  #joining: NodeJS.Timeout | undefined;
  #givenBytes = 0;
  /** Verified; complete when the stream has ended. */
  checksums: Checksums = new Map();

  private constructor({ transfer, chunks }: BodyReading, readHere: boolean) {
    super();
    this.on('error', ignore); // it may fail before it has a reader, which then finds it destroyed
    this.#full = readHere ? undefined : transfer.wait('store');
    this.#chunks = chunks;
  }

  /**
   * Requests the body from the client.
   * @param options.reframed whether the stream adds the framing for the store, with the checksum as a trailer.
   * @param options.further a checksum in addition to those of the plan.
   * @param options.readHere whether the gateway reads the stream and times its own waits; by default, the connection to the store reads it.
   */
  static async open(
    incoming: Incoming,
    plan: BodyPlan,
    reading: BodyReading,
    { reframed, further, readHere = false }: StreamOptions,
  ): Promise<ObjectStream> {
    const { transfer, pace } = reading;
    const stream = new ObjectStream(reading, readHere);
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
    const decoder = await ObjectDecoder.create(plan, transfer, withhold, further);
    const finish = (): void => {
      stream.checksums = decoder.end();
      joiner.flush();
      if (last !== undefined) pass(last);
      if (sent !== undefined) encoder?.end(sent.header, stream.checksums.get(sent.checksum) as string);
      stream.push(null);
    };
    stream.#reader = new ClientReader(incoming.body.open(), pace, transfer, {
      bytes: (chunk) => decoder.write(chunk),
      end: () => stream.#endWith(finish),
      fail: (failure) => void stream.destroy(failure),
    });
    return stream;
  }

  /** Whether it waits for its client: with bytes in it, it waits for the store. */
  get isStarving(): boolean {
    return this.readableLength === 0;
  }

  get readBytes(): number {
    return this.#givenBytes - this.readableLength;
  }

  override _read(): void {
    this.#full?.stop();
    this.#reader?.resume();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#reader?.stop();
    clearTimeout(this.#joining);
    this.#full?.stop();
    callback(error);
  }

  #endWith(finish: () => void): void {
    try {
      finish();
    } catch (thrown) {
      this.destroy(asFailure(thrown));
    }
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
    if (this.push(bytes)) return;
    this.#full?.start();
    this.#reader?.pause();
  }
}

const ignore = (): void => {};
