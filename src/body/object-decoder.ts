/** From the bytes on the wire to the object's bytes: removes the framing, counts, and verifies all promises of the client. */

import { Failure } from '../domain/failure.ts';
import { AwsChunkedDecoder } from './aws-chunked.ts';
import type { BodyPlan } from './body-plan.ts';
import { CHECKSUMS, type Checksum, type ChecksumName } from './checksum.ts';
import { tooLarge } from './too-large.ts';
import type { TransferClock } from './transfer-clock.ts';

/** In base64. */
export type Checksums = ReadonlyMap<ChecksumName, string>;

/** What a decoder needs of a plan. */
export type DecodedPlan = Pick<
  BodyPlan,
  'kind' | 'length' | 'most' | 'judgeLength' | 'framing' | 'trailer' | 'sent' | 'promises'
>;

export class ObjectDecoder {
  readonly #plan: DecodedPlan;
  readonly #clock: TransferClock;
  readonly #emit: (bytes: Buffer) => void;
  readonly #framing: AwsChunkedDecoder | undefined;
  /** One per algorithm. */
  readonly #checksums: ReadonlyMap<ChecksumName, Checksum>;

  private constructor(
    plan: DecodedPlan,
    clock: TransferClock,
    checksums: ReadonlyMap<ChecksumName, Checksum>,
    emit: (bytes: Buffer) => void,
  ) {
    this.#plan = plan;
    this.#clock = clock;
    this.#emit = emit;
    this.#checksums = checksums;
    this.#framing = plan.framing && new AwsChunkedDecoder((bytes) => this.#pass(bytes), plan.framing.signatures);
  }

  /**
   * @param emit receives the object's bytes, which are unverified until `end` has returned.
   * @param further a checksum in addition to those of the plan.
   */
  static async create(
    plan: DecodedPlan,
    clock: TransferClock,
    emit: (bytes: Buffer) => void,
    further?: ChecksumName,
  ): Promise<ObjectDecoder> {
    const checksums = new Map<ChecksumName, Checksum>();
    const { promises, trailer, sent } = plan;
    const wanted = [...promises.map(({ checksum }) => checksum), trailer?.checksum, sent?.checksum, further];
    for (const checksum of wanted) {
      if (checksum === undefined || checksums.has(checksum)) continue;
      checksums.set(checksum, await CHECKSUMS[checksum].create());
    }
    return new ObjectDecoder(plan, clock, checksums, emit);
  }

  /** @throws Failure as soon as the bytes are wrong. */
  write(bytes: Buffer): void {
    if (this.#framing === undefined) this.#pass(bytes);
    else this.#framing.write(bytes);
  }

  /**
   * @returns the checksums of the object's bytes, in base64.
   * @throws Failure incomplete_body, malformed_trailer or checksum_mismatch.
   */
  end(): Checksums {
    this.#framing?.end();
    const { length, judgeLength } = this.#plan;
    if (length !== undefined && this.#clock.bytes !== length) throw wrongLength(this.#clock.bytes, length);
    judgeLength?.(this.#clock.bytes);
    return this.#verify(this.#trailer());
  }

  /** @returns the checksums. */
  #verify(trailer: string | undefined): Checksums {
    const actual = new Map<ChecksumName, string>();
    for (const [name, checksum] of this.#checksums) actual.set(name, checksum.digest());
    for (const { header, checksum, value, code } of this.#plan.promises) {
      if (actual.get(checksum) === value) continue;
      throw new Failure('checksum_mismatch', `${header} does not match the bytes that arrived.`, { code });
    }
    const name = this.#plan.trailer?.checksum;
    if (name !== undefined && actual.get(name) !== trailer) {
      throw new Failure('checksum_mismatch', `The ${name} in the trailer does not match the bytes that arrived.`);
    }
    return actual;
  }

  /** The announced trailer must be there, and no other. */
  #trailer(): string | undefined {
    const announced = this.#plan.trailer?.header;
    const trailers = [...(this.#framing?.trailers ?? [])];
    if (trailers.length > 1 || trailers[0]?.[0] !== announced) throw new Failure('malformed_trailer');
    return trailers[0]?.[1];
  }

  #pass(bytes: Buffer): void {
    this.#clock.received(bytes.length);
    const { kind, length, most } = this.#plan;
    if (this.#clock.bytes > most)
      throw length === undefined ? tooLarge(kind, most) : wrongLength(this.#clock.bytes, length);
    for (const checksum of this.#checksums.values()) checksum.update(bytes);
    this.#emit(bytes);
  }
}

function wrongLength(actual: number, declared: number): Failure {
  const arrived = actual > declared ? `more than ${declared}` : String(actual);
  return new Failure('incomplete_body', `${arrived} bytes arrived where ${declared} were declared.`);
}
