/** Verifies a body while it passes: its framing, its length, and what the client has promised about its bytes. */

import type { BodyPlan } from '../body/body-plan.ts';
import type { ChecksumName } from '../body/checksum.ts';
import { type Checksums, ObjectDecoder } from '../body/object-decoder.ts';
import { TransferClock } from '../body/transfer-clock.ts';

/** The part of a plan that a message can carry. The chunks are not signed. */
export type VerifiedPlan = Pick<BodyPlan, 'kind' | 'length' | 'most' | 'trailer' | 'promises'> & {
  readonly isFramed: boolean;
  /** A checksum in addition to those of the plan. */
  readonly further?: ChecksumName | undefined;
};

export class Verifier {
  readonly #decoder: ObjectDecoder;
  readonly #clock: TransferClock;
  /** Of the object; undefined before its end. */
  checksums: Checksums | undefined;

  private constructor(decoder: ObjectDecoder, clock: TransferClock) {
    this.#decoder = decoder;
    this.#clock = clock;
  }

  static async create({ isFramed, further, ...plan }: VerifiedPlan): Promise<Verifier> {
    const clock = new TransferClock();
    const framing = isFramed ? { signatures: undefined } : undefined;
    const decoder = await ObjectDecoder.create({ ...plan, framing, sent: undefined }, clock, () => {}, further);
    return new Verifier(decoder, clock);
  }

  /** Object bytes so far. */
  get bytes(): number {
    return this.#clock.bytes;
  }

  /** @param isLast whether these are the last bytes. @throws Failure as soon as the bytes are wrong. */
  take(bytes: Buffer, isLast: boolean): void {
    this.#decoder.write(bytes);
    if (isLast) this.checksums = this.#decoder.end();
  }
}
