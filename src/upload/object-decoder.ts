/** From the bytes on the wire to the object's bytes: framing taken off, counted, and checked against all that was promised. */
import { AwsChunkedDecoder } from '../body/aws-chunked.ts';
import { CHECKSUMS, type Checksum, type ChecksumName } from '../body/checksum.ts';
import { Failure } from '../domain/failure.ts';
import type { Transfer } from '../domain/stages.ts';
import type { BodyPlan } from './body-plan.ts';
import { tooLarge } from './too-large.ts';

/** In base64. */
export type Checksums = ReadonlyMap<ChecksumName, string>;

export class ObjectDecoder {
  readonly #plan: BodyPlan;
  readonly #transfer: Transfer;
  readonly #emit: (bytes: Buffer) => void;
  readonly #framing: AwsChunkedDecoder | undefined;
  /** One for each algorithm that is needed. */
  readonly #checksums: ReadonlyMap<ChecksumName, Checksum>;

  private constructor(
    plan: BodyPlan,
    transfer: Transfer,
    checksums: ReadonlyMap<ChecksumName, Checksum>,
    emit: (bytes: Buffer) => void,
  ) {
    this.#plan = plan;
    this.#transfer = transfer;
    this.#emit = emit;
    this.#checksums = checksums;
    this.#framing = plan.framing && new AwsChunkedDecoder((bytes) => this.#take(bytes), plan.framing.signatures);
  }

  /**
   * @param emit is given the object's bytes; none of them is safe to act on before `end` has resolved.
   * @param further a checksum that is wanted beyond those of the plan.
   */
  static async create(
    { plan, transfer }: { plan: BodyPlan; transfer: Transfer },
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
    return new ObjectDecoder(plan, transfer, checksums, emit);
  }

  /** @throws Failure as soon as the bytes cannot be right any more. */
  write(bytes: Buffer): void {
    if (this.#framing === undefined) this.#take(bytes);
    else this.#framing.write(bytes);
  }

  /**
   * @returns the checksums of the object's bytes, in base64.
   * @throws Failure incomplete_body, malformed_trailer or checksum_mismatch.
   */
  async end(): Promise<Checksums> {
    this.#framing?.end();
    const { length, judgeLength } = this.#plan;
    if (length !== undefined && this.#transfer.bytes !== length) throw wrongLength(this.#transfer.bytes, length);
    judgeLength?.(this.#transfer.bytes);
    return this.#verify(this.#trailer());
  }

  /** @returns what the checksums are. */
  async #verify(trailer: string | undefined): Promise<Checksums> {
    const actual = new Map<ChecksumName, string>();
    for (const [name, checksum] of this.#checksums) actual.set(name, await checksum.digest());
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

  /** What was announced must have come, and nothing else. */
  #trailer(): string | undefined {
    const announced = this.#plan.trailer?.header;
    const trailers = [...(this.#framing?.trailers ?? [])];
    if (trailers.length > 1 || trailers[0]?.[0] !== announced) throw new Failure('malformed_trailer');
    return trailers[0]?.[1];
  }

  #take(bytes: Buffer): void {
    this.#transfer.bytes += bytes.length;
    const { kind, length, most } = this.#plan;
    if (this.#transfer.bytes > most)
      throw length === undefined ? tooLarge(kind, most) : wrongLength(this.#transfer.bytes, length);
    for (const checksum of this.#checksums.values()) checksum.update(bytes);
    this.#emit(bytes);
  }
}

function wrongLength(actual: number, declared: number): Failure {
  const arrived = actual > declared ? `more than ${declared}` : String(actual);
  return new Failure('incomplete_body', `${arrived} bytes arrived where ${declared} were declared.`);
}
