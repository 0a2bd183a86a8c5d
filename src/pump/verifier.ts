/** Verifies a body while it passes: its framing, its length, and the promises of the client about its bytes. May also change its framing. */
import { AwsChunkedEncoder } from '../body/aws-chunked.ts';
import type { BodyPlan } from '../body/body-plan.ts';
import type { ChecksumName } from '../body/checksum.ts';
import { type Checksums, ObjectDecoder } from '../body/object-decoder.ts';
import { TransferClock } from '../body/transfer-clock.ts';

type Planned = Pick<BodyPlan, 'kind' | 'most' | 'trailer' | 'sent' | 'promises'>;

/** The part of a plan that a message can carry. The chunks of the client are not signed. */
export interface VerifiedPlan extends Planned {
  readonly length: number;
  /** Whether the body has aws-chunked framing, which ends here. */
  readonly isFramed: boolean;
  /** A checksum in addition to those of the plan. */
  readonly further?: ChecksumName | undefined;
}

/** Whether the store gets other bytes than the client sends: without its framing, or with a checksum behind them. */
export const isReframed = ({ isFramed, sent }: VerifiedPlan): boolean => isFramed || sent !== undefined;

export class Verifier {
  readonly #decoder: ObjectDecoder;
  readonly #clock: TransferClock;
  readonly #end: (decoder: ObjectDecoder) => Checksums;
  /** Of the object; undefined before its end. */
  checksums: Checksums | undefined;

  private constructor(decoder: ObjectDecoder, clock: TransferClock, end: (decoder: ObjectDecoder) => Checksums) {
    this.#decoder = decoder;
    this.#clock = clock;
    this.#end = end;
  }

  /** @param give receives the bytes for the store, if they are other ones. The last byte of the object comes when it is verified. */
  static async create({ isFramed, further, ...plan }: VerifiedPlan, give?: (bytes: Buffer) => void): Promise<Verifier> {
    const { length, sent } = plan;
    const clock = new TransferClock();
    const framing = isFramed ? { signatures: undefined } : undefined;
    const encoder = give && sent && new AwsChunkedEncoder(length, give);
    const pass = encoder === undefined ? give : (bytes: Buffer): void => encoder.write(bytes);
    let last: Buffer | undefined;
    const emit = (bytes: Buffer): void => {
      const isLast = clock.bytes >= length;
      if (isLast) last = Buffer.from(bytes.subarray(-1)); // a copy: its buffer is used again before the body is verified
      const rest = isLast ? bytes.subarray(0, -1) : bytes;
      if (rest.length > 0) pass?.(rest);
    };
    const decoder = await ObjectDecoder.create({ ...plan, framing }, clock, emit, further);
    return new Verifier(decoder, clock, () => {
      const checksums = decoder.end();
      if (last !== undefined) pass?.(last);
      if (sent !== undefined) encoder?.end(sent.header, checksums.get(sent.checksum)!);
      return checksums;
    });
  }

  /** Object bytes so far. */
  get bytes(): number {
    return this.#clock.bytes;
  }

  /** @param isLast whether these are the last bytes. @throws Failure as soon as the bytes are wrong. */
  take(bytes: Buffer, isLast: boolean): void {
    this.#decoder.write(bytes);
    if (isLast) this.checksums = this.#end(this.#decoder);
  }
}
