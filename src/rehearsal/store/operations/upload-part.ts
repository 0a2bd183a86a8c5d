/** UploadPart and ListParts. */
import type { OperationHandler } from '../call.ts';
import { writeAll } from '../disk/sealed-file.ts';
import type { StoredPart } from '../disk/upload-files.ts';
import { checkPartChecksum, checksumElementName } from '../multipart-checksum.ts';
import { pageSize, wholeNumber } from '../page-size.ts';
import { element, emptyReply, xmlReply, xmlTime } from '../reply.ts';
import { S3Error } from '../s3-error.ts';

export const uploadPart: OperationHandler = async ({ head, parameters, files, now, promises, receive }) => {
  const id = parameters.get('uploadId') as string;
  const number = partNumberOf(parameters.get('partNumber') as string);
  if (promises.length === undefined) throw new S3Error('MissingContentLength');
  const upload = await files.uploads.get(id, head.bucket, head.key);
  checkPartChecksum(upload.checksum, promises.checksum?.name);
  return files.temporary.use(async (temporary) => {
    const { md5, checksum } = await receive((bytes) => writeAll(temporary.file, bytes));
    await files.uploads.commitPart(id, number, temporary, { etag: md5, modified: now(), checksum });
    const verified = checksum === undefined ? {} : { [`x-amz-checksum-${checksum.name}`]: checksum.value };
    return emptyReply(200, { etag: `"${md5}"`, ...verified });
  });
};

export const listParts: OperationHandler = async ({ head, parameters, files }) => {
  const id = parameters.get('uploadId') as string;
  const upload = await files.uploads.get(id, head.bucket, head.key);
  const marker = wholeNumber(parameters.get('part-number-marker'), 'part-number-marker', 0);
  const limit = pageSize(parameters.get('max-parts'), 'max-parts');
  const numbers = (await files.uploads.partNumbers(id)).filter((number) => number > marker);
  const page = await Promise.all(numbers.slice(0, limit).map((number) => files.uploads.readPart(id, number)));
  const parts = page.filter((part) => part !== undefined);
  const truncated = parts.length > 0 && numbers.length > page.length;
  return xmlReply(
    'ListPartsResult',
    element('Bucket', head.bucket) +
      element('Key', head.key) +
      element('UploadId', id) +
      element('PartNumberMarker', marker) +
      element('NextPartNumberMarker', truncated ? parts.at(-1)?.number : undefined) +
      element('MaxParts', limit) +
      element('IsTruncated', truncated) +
      element('ChecksumAlgorithm', upload.checksum?.name.toUpperCase()) +
      element('ChecksumType', upload.checksum?.type) +
      parts.map(partXml).join(''),
  );
};

/** @throws S3Error InvalidArgument unless it is an integer from 1 to 10000. */
export function partNumberOf(text: string): number {
  if (!/^[1-9]\d{0,4}$/.test(text) || Number(text) > 10_000) {
    throw new S3Error('InvalidArgument', 'The part number is not an integer from 1 to 10000.');
  }
  return Number(text);
}

function partXml({ number, size, description: { etag, modified, checksum } }: StoredPart): string {
  const fields =
    element('PartNumber', number) +
    element('LastModified', xmlTime(modified)) +
    element('ETag', `"${etag}"`) +
    element('Size', size);
  const sum = checksum === undefined ? '' : element(checksumElementName(checksum.name), checksum.value);
  return `<Part>${fields}${sum}</Part>`;
}
