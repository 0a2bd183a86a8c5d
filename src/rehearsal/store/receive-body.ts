/** Reads a body, removes its framing, and verifies every declaration about it. */
import { createHash } from 'node:crypto';
import { AwsChunkedDecoder } from '../../body/aws-chunked.ts';
import { CHECKSUMS, type ChecksumName } from '../../body/checksum.ts';
import type { BodyPromises } from './body-promises.ts';
import { S3Error } from './s3-error.ts';

export interface ReceivedBody {
  /** Bytes without framing. */
  readonly size: number;
  /** MD5 in lower-case hex. */
  readonly md5: string;
  /** The verified checksum from the client. */
  readonly checksum: { readonly name: ChecksumName; readonly value: string } | undefined;
}

/**
 * @param write writes bytes of the object, with backpressure. The written bytes are verified only when this function has
 *   returned.
 * @throws S3Error or Failure on the first mismatch.
 */
export async function receiveBody(
  source: AsyncIterable<Buffer>,
  promises: BodyPromises,
  write: (bytes: Buffer) => Promise<void>,
): Promise<ReceivedBody> {
  const check = await BodyCheck.create(promises);
  for await (const piece of source) {
    for (const bytes of check.take(piece)) await write(bytes);
  }
  return check.end();
}

class BodyCheck {
  readonly #promises: BodyPromises;
  readonly #md5 = createHash('md5');
  readonly #sha256 = createHash('sha256');
  readonly #checksum;
  readonly #decoder: AwsChunkedDecoder | undefined;
  #decoded: Buffer[] = [];
  #size = 0;

  private constructor(promises: BodyPromises, checksum: Awaited<ReturnType<typeof createChecksum>>) {
    this.#promises = promises;
    this.#checksum = checksum;
    const take = (bytes: Buffer): void => void this.#decoded.push(bytes);
    this.#decoder = promises.chunked ? new AwsChunkedDecoder(take, promises.signatures) : undefined;
  }

  static async create(promises: BodyPromises): Promise<BodyCheck> {
    return new BodyCheck(promises, await createChecksum(promises));
  }

  /** @returns the object's bytes in a received chunk: views, no copies. */
  take(piece: Buffer): readonly Buffer[] {
    this.#decoded = this.#decoder === undefined ? [piece] : [];
    this.#decoder?.write(piece);
    for (const bytes of this.#decoded) this.#count(bytes);
    return this.#decoded;
  }

  end(): ReceivedBody {
    this.#decoder?.end();
    if (this.#size !== (this.#promises.length ?? 0)) throw new S3Error('IncompleteBody');
    if (this.#promises.sha256 !== undefined && this.#sha256.digest('hex') !== this.#promises.sha256) {
      throw new S3Error('XAmzContentSHA256Mismatch');
    }
    const md5 = this.#md5.digest();
    if (this.#promises.md5 !== undefined && this.#promises.md5 !== md5.toString('base64')) {
      throw new S3Error('BadDigest', 'Content-MD5 does not match the bytes that arrived.');
    }
    return { size: this.#size, md5: md5.toString('hex'), checksum: this.#endChecksum() };
  }

  #count(bytes: Buffer): void {
    this.#size += bytes.length;
    if (this.#size > (this.#promises.length ?? 0)) {
      throw new S3Error('IncompleteBody', 'The body is longer than declared.');
    }
    this.#md5.update(bytes);
    if (this.#promises.sha256 !== undefined) this.#sha256.update(bytes);
    this.#checksum?.update(bytes);
  }

  #endChecksum(): ReceivedBody['checksum'] {
    const promised = this.#promises.checksum;
    const trailer = this.#trailer();
    if (promised === undefined || this.#checksum === undefined) return undefined;
    const value = this.#checksum.digest();
    if ((promised.value ?? trailer) !== value) {
      throw new S3Error('BadDigest', `The ${promised.name} in the request does not match the bytes that arrived.`);
    }
    return { name: promised.name, value };
  }

  /** The trailer must contain exactly the declared headers. */
  #trailer(): string | undefined {
    const { checksum } = this.#promises;
    const announced =
      checksum !== undefined && checksum.value === undefined ? `x-amz-checksum-${checksum.name}` : undefined;
    const trailers = [...(this.#decoder?.trailers ?? [])];
    if (trailers.length > 1 || trailers[0]?.[0] !== announced) throw new S3Error('MalformedTrailerError');
    return trailers[0]?.[1];
  }
}

async function createChecksum({ checksum }: BodyPromises) {
  return checksum === undefined ? undefined : await CHECKSUMS[checksum.name].create();
}
