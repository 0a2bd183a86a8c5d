/** The checksum of each part of a body, one after the other. */
import { CHECKSUMS, type Checksum, type ChecksumName } from '../body/checksum.ts';

export class PartChecksum {
  readonly #name: ChecksumName | undefined;
  #checksum: Checksum | undefined;

  private constructor(name: ChecksumName | undefined, checksum: Checksum | undefined) {
    this.#name = name;
    this.#checksum = checksum;
  }

  /** @param name undefined for parts without a checksum. @param first bytes of the first part. */
  static async create(name: ChecksumName | undefined, first: Uint8Array): Promise<PartChecksum> {
    const part = new PartChecksum(name, name && (await CHECKSUMS[name].create()));
    part.update(Buffer.from(first.buffer, first.byteOffset, first.byteLength));
    return part;
  }

  update(bytes: Buffer): void {
    if (bytes.length > 0) this.#checksum?.update(bytes);
  }

  /** Base64. The last part has ended. */
  digest(): string | undefined {
    return this.#checksum?.digest();
  }

  /** The part has ended, and the next one begins. */
  async end(): Promise<string | undefined> {
    const value = this.digest();
    this.#checksum = this.#name && (await CHECKSUMS[this.#name].create());
    return value;
  }
}
