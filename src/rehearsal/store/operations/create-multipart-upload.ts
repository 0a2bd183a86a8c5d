/** CreateMultipartUpload, AbortMultipartUpload and ListMultipartUploads. */
import type { OperationHandler } from '../call.ts';
import { declaredChecksum } from '../multipart-checksum.ts';
import { keptHeaders } from '../object-headers.ts';
import { pageSize } from '../page-size.ts';
import { element, emptyReply, xmlReply, xmlTime } from '../reply.ts';

export const createMultipartUpload: OperationHandler = async ({ head, files, now }) => {
  const { bucket, key } = head;
  const headers = keptHeaders(head.headers);
  const checksum = declaredChecksum(head.headers);
  const id = await files.uploads.create({ bucket, key, headers, initiated: now(), checksum });
  const declared =
    checksum === undefined
      ? undefined
      : { 'x-amz-checksum-algorithm': checksum.name.toUpperCase(), 'x-amz-checksum-type': checksum.type };
  return xmlReply(
    'InitiateMultipartUploadResult',
    element('Bucket', bucket) + element('Key', key) + element('UploadId', id),
    declared,
  );
};

export const abortMultipartUpload: OperationHandler = async ({ head, parameters, files }) => {
  const id = parameters.get('uploadId') as string;
  await files.uploads.exclusively(id, async () => {
    await files.uploads.get(id, head.bucket, head.key);
    await files.uploads.remove(id);
  });
  return emptyReply(204);
};

export const listMultipartUploads: OperationHandler = async ({ head, parameters, files }) => {
  const prefix = parameters.get('prefix') ?? '';
  const limit = pageSize(parameters.get('max-uploads'), 'max-uploads');
  const keyMarker = parameters.get('key-marker') ?? '';
  const idMarker = parameters.get('upload-id-marker');
  const all = (await files.uploads.list(head.bucket)).filter(
    ({ key, id }) => key.startsWith(prefix) && isAfter(key, id, keyMarker, idMarker),
  );
  const page = all.slice(0, limit);
  const truncated = page.length > 0 && all.length > page.length;
  const uploads = page.map(
    ({ key, id, initiated }) =>
      `<Upload>${element('Key', key)}${element('UploadId', id)}${element('Initiated', xmlTime(initiated))}</Upload>`,
  );
  return xmlReply(
    'ListMultipartUploadsResult',
    element('Bucket', head.bucket) +
      element('Prefix', prefix) +
      element('KeyMarker', keyMarker) +
      element('UploadIdMarker', idMarker ?? '') +
      element('NextKeyMarker', truncated ? page.at(-1)?.key : undefined) +
      element('NextUploadIdMarker', truncated ? page.at(-1)?.id : undefined) +
      element('MaxUploads', limit) +
      element('IsTruncated', truncated) +
      uploads.join(''),
  );
};

/** Without upload-id-marker, key-marker skips all uploads of that key. */
function isAfter(key: string, id: string, keyMarker: string, idMarker: string | undefined): boolean {
  if (keyMarker === '') return true;
  const order = Buffer.compare(Buffer.from(key), Buffer.from(keyMarker));
  return order > 0 || (order === 0 && idMarker !== undefined && id > idMarker);
}
