/** From the bytes on the wire to the object's bytes: framing taken off, counted, and checked against all that was promised. */
import { AwsChunkedDecoder } from '../body/aws-chunked.ts';
import { CHECKSUMS, type Checksum } from '../body/checksum.ts';
import { Failure } from '../domain/failure.ts';
import type { Transfer } from '../domain/stages.ts';
import type { BodyPlan } from './body-plan.ts';

export class ObjectDecoder {
  readonly #plan: BodyPlan;
  readonly #transfer: Transfer;
  readonly #emit: (bytes: Buffer) => void;
  readonly #framing: AwsChunkedDecoder | undefined;
  readonly #checksum: Checksum | undefined;

  private constructor(
    plan: BodyPlan,
    transfer: Transfer,
    checksum: Checksum | undefined,
    emit: (bytes: Buffer) => void,
  ) {
    this.#plan = plan;
    this.#transfer = transfer;
    this.#emit = emit;
    this.#checksum = checksum;
    this.#framing = plan.framing && new AwsChunkedDecoder((bytes) => this.#take(bytes), plan.framing.signatures);
  }

  /** @param emit is given the object's bytes; none of them is safe to act on before `end` has resolved. */
  static async create(plan: BodyPlan, transfer: Transfer, emit: (bytes: Buffer) => void): Promise<ObjectDecoder> {
    const checksum = plan.trailer === undefined ? undefined : await CHECKSUMS[plan.trailer.checksum].create();
    return new ObjectDecoder(plan, transfer, checksum, emit);
  }

  /** @throws Failure as soon as the bytes cannot be right any more. */
  write(bytes: Buffer): void {
    if (this.#framing === undefined) this.#take(bytes);
    else this.#framing.write(bytes);
  }

  /**
   * @returns the verified checksum that the trailer brought, in base64; undefined where there was none to come.
   * @throws Failure incomplete_body, malformed_trailer or checksum_mismatch.
   */
  async end(): Promise<string | undefined> {
    this.#framing?.end();
    if (this.#transfer.bytes !== this.#plan.length) throw wrongLength(this.#transfer.bytes, this.#plan.length);
    const promised = this.#trailer();
    const actual = await this.#checksum?.digest();
    if (promised !== actual) {
      const name = this.#plan.trailer?.checksum;
      throw new Failure('checksum_mismatch', `The ${name} in the trailer does not match the bytes that arrived.`);
    }
    return promised;
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
    if (this.#transfer.bytes > this.#plan.length) throw wrongLength(this.#transfer.bytes, this.#plan.length);
    this.#checksum?.update(bytes);
    this.#emit(bytes);
  }
}

function wrongLength(actual: number, declared: number): Failure {
  const arrived = actual > declared ? `more than ${declared}` : String(actual);
  return new Failure('incomplete_body', `${arrived} bytes arrived where ${declared} were declared.`);
}
