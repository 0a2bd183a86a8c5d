/**
 * Checksums of a multipart upload whose store gets none (`s3.client_checksums: verify_and_drop`). Each part was verified when it
 * came. What a completion promises is verified here if its own list of parts is enough for that, and else refused.
 */
import { CHECKSUMS, type ChecksumName, checksumOfHeader } from '../body/checksum.ts';
import { unverifiable } from '../body/store-checksums.ts';
import { Failure } from '../domain/failure.ts';
import type { Incoming } from '../domain/stages.ts';

export interface PromisedOfObject {
  /** Lower-case name of the header. */
  readonly header: string;
  readonly checksum: ChecksumName;
  /** The element of a part that has its checksum. */
  readonly element: string;
  readonly value: string;
}

const VALUE = /^x-amz-checksum-(?!algorithm$|type$|mode$)/;

/** @throws Failure not_implemented for a checksum of the object's bytes: the gateway no longer has them. */
export function promisedOfObject({ headers }: Incoming): PromisedOfObject | undefined {
  const header = Object.keys(headers).find((name) => VALUE.test(name));
  if (header === undefined) return undefined;
  const checksum = checksumOfHeader(header);
  if (checksum === undefined || headers['x-amz-checksum-type'] === 'FULL_OBJECT') throw unverifiable(header);
  return { header, checksum, element: `Checksum${checksum.toUpperCase()}`, value: headers[header] as string };
}

/**
 * A composite checksum: that of the checksums of the parts (Amazon S3 User Guide, "Checking object integrity"). Some clients leave
 * out the number of parts behind it.
 * @param ofParts in their order, in base64. @param count number of parts.
 * @throws Failure not_implemented, checksum_mismatch.
 */
export async function verifyComposite(
  { header, checksum, value }: PromisedOfObject,
  ofParts: readonly string[],
  count: number,
): Promise<void> {
  if (ofParts.length !== count) throw unverifiable(header);
  const all = await CHECKSUMS[checksum].create();
  for (const sum of ofParts) all.update(Buffer.from(sum, 'base64'));
  const actual = all.digest();
  if (value === actual || value === `${actual}-${count}`) return;
  const message = `${header} does not match the checksums of the parts. A checksum of the whole object is not accepted here with a completion.`;
  throw new Failure('checksum_mismatch', message);
}

/** @param algorithm as CreateMultipartUpload names it. @throws Failure not_implemented if its parts could not be verified. */
export function refuseUnverifiable(algorithm: string | undefined): void {
  if (algorithm !== undefined && !Object.hasOwn(CHECKSUMS, algorithm.toLowerCase()))
    throw unverifiable(`x-amz-checksum-algorithm: ${algorithm.slice(0, 40)}`);
}
