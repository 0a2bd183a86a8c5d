/** Checksums of multipart uploads (Amazon S3 User Guide, "Checking object integrity": full object and composite checksums). */
import { CHECKSUMS, type ChecksumName, type ChecksumType } from '../../body/checksum.ts';
import type { UploadDescription } from './disk/upload-files.ts';
import type { RequestHead } from './request-head.ts';
import { S3Error } from './s3-error.ts';

/** The declaration in CreateMultipartUpload. */
export function declaredChecksum(headers: RequestHead['headers']): UploadDescription['checksum'] {
  const algorithm = headers['x-amz-checksum-algorithm'];
  const type = headers['x-amz-checksum-type'];
  if (algorithm === undefined) {
    if (type !== undefined) throw new S3Error('InvalidRequest', 'A checksum type needs a checksum algorithm.');
    return undefined;
  }
  const name = algorithm.toLowerCase();
  if (!Object.hasOwn(CHECKSUMS, name))
    throw new S3Error('NotImplemented', `The checksum algorithm ${algorithm} is not supported.`);
  const possible: readonly ChecksumType[] = CHECKSUMS[name as ChecksumName].types;
  const chosen = type === undefined ? possible[0] : possible.find((one) => one === type);
  if (chosen === undefined)
    throw new S3Error('InvalidRequest', `The checksum algorithm ${algorithm} does not support the type ${type}.`);
  return { name: name as ChecksumName, type: chosen };
}

/** @throws S3Error InvalidRequest if a part does not have the checksum that its upload declares. */
export function checkPartChecksum(declared: UploadDescription['checksum'], brought: ChecksumName | undefined): void {
  if (declared === undefined || declared.name === brought) return;
  if (declared.type === 'FULL_OBJECT' && brought === undefined) return;
  throw new S3Error(
    'InvalidRequest',
    `Checksum Type mismatch occurred, expected checksum Type: ${declared.name}, actual checksum Type: ${brought ?? null}`,
  );
}

/**
 * The checksum of the completed object: the declared one, or without a declaration the one that every part has.
 */
export function objectChecksum(
  declared: UploadDescription['checksum'],
  brought: readonly (ChecksumName | undefined)[],
): UploadDescription['checksum'] {
  if (declared !== undefined) return declared;
  const name = brought[0];
  if (name === undefined || brought.some((other) => other !== name)) return undefined;
  return { name, type: CHECKSUMS[name].types[0] };
}

/** The checksum of the parts' checksums, followed by the number of parts. */
export async function compositeChecksum(name: ChecksumName, ofParts: readonly string[]): Promise<string> {
  const checksum = await CHECKSUMS[name].create();
  for (const value of ofParts) checksum.update(Buffer.from(value, 'base64'));
  return `${checksum.digest()}-${ofParts.length}`;
}

/** `ChecksumCRC32` and so on: the element of a part or of an object in XML. */
export function checksumElementName(name: ChecksumName): string {
  return `Checksum${name.toUpperCase()}`;
}
