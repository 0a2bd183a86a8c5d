/** Parses the CompleteMultipartUpload document, and checks its parts against the uploaded parts. */
import { CHECKSUMS, type ChecksumName } from '../../../body/checksum.ts';
import { unquoted } from '../conditions.ts';
import type { StoredPart, UploadDescription } from '../disk/upload-files.ts';
import { checksumElementName } from '../multipart-checksum.ts';
import { readRecords } from '../read-records.ts';
import { S3Error } from '../s3-error.ts';
import { partNumberOf } from './upload-part.ts';

export interface ListedPart {
  readonly number: number;
  /** Without quotes. */
  readonly etag: string;
  /** Base64. */
  readonly checksums: ReadonlyMap<ChecksumName, string>;
}

/** 5 MiB, of every part but the last, in bytes (Amazon S3 User Guide, "Multipart upload limits"). */
const MIN_PART = 5 * 1024 * 1024;
const MAX_PARTS = 10_000;

/** @throws S3Error MalformedXML, InvalidPartOrder. */
export function readCompleteDocument(document: Buffer): readonly ListedPart[] {
  const { records } = readRecords(document, 'CompleteMultipartUpload', 'Part', MAX_PARTS);
  if (records.length === 0) throw new S3Error('MalformedXML', 'The document lists no part.');
  const listed = records.map(listedPart);
  if (listed.some(({ number }, i) => i > 0 && number <= (listed[i - 1] as ListedPart).number)) {
    throw new S3Error('InvalidPartOrder');
  }
  return listed;
}

function listedPart(record: ReadonlyMap<string, string>): ListedPart {
  const number = record.get('PartNumber');
  const etag = record.get('ETag');
  if (number === undefined || etag === undefined)
    throw new S3Error('MalformedXML', 'A part needs PartNumber and ETag.');
  const checksums = new Map<ChecksumName, string>();
  for (const name of Object.keys(CHECKSUMS) as ChecksumName[]) {
    const value = record.get(checksumElementName(name));
    if (value !== undefined) checksums.set(name, value);
  }
  return { number: partNumberOf(number.trim()), etag: unquoted(etag), checksums };
}

/** @throws S3Error InvalidPart unless the part is the one that is listed. */
export function checkListedPart(listed: ListedPart, stored: StoredPart | undefined): StoredPart {
  const sum = stored?.description.checksum;
  const checksumsAgree = [...listed.checksums].every(([name, value]) => sum?.name === name && sum.value === value);
  if (stored === undefined || stored.description.etag !== listed.etag || !checksumsAgree) {
    throw new S3Error('InvalidPart', `Part ${listed.number} was not found, or its ETag or checksum does not match.`);
  }
  return stored;
}

/** @throws S3Error EntityTooSmall. */
export function checkPartSizes(parts: readonly StoredPart[]): void {
  for (const { number, size } of parts.slice(0, -1)) {
    if (size < MIN_PART) throw new S3Error('EntityTooSmall', `Part ${number} has ${size} bytes, less than 5 MiB.`);
  }
}

/** With composite checksums the client must name the checksum of each part once more, as S3 wants it. */
export function checkListedChecksums(declared: UploadDescription['checksum'], listed: readonly ListedPart[]): void {
  if (declared?.type !== 'COMPOSITE') return;
  const without = listed.find(({ checksums }) => !checksums.has(declared.name));
  if (without === undefined) return;
  throw new S3Error(
    'InvalidRequest',
    `The upload was created using a ${declared.name} checksum: the request must have the checksum of each part, and has none for part ${without.number}.`,
  );
}
