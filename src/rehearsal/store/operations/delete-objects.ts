/** DeleteObject and DeleteObjects. Deleting a missing object is not an error. */
import type { OperationHandler } from '../call.ts';
import { readRecords } from '../read-records.ts';
import { element, emptyReply, xmlReply } from '../reply.ts';
import { S3Error } from '../s3-error.ts';

/** Keys in one request (Amazon S3 API Reference, "DeleteObjects"). */
const MAX_KEYS = 1000;

export const deleteObject: OperationHandler = async ({ head, files }) => {
  await files.objects.remove(head.bucket, head.key);
  return emptyReply(204);
};

export const deleteObjects: OperationHandler = async ({ head, files, promises, document }) => {
  if (promises.md5 === undefined && promises.checksum === undefined) {
    throw new S3Error('InvalidRequest', 'DeleteObjects requires Content-MD5 or a checksum.');
  }
  const { fields, records } = readRecords(await document(), 'Delete', 'Object', MAX_KEYS);
  if (records.length === 0) throw new S3Error('MalformedXML');
  const keys = records.map(keyOf);
  for (const key of keys) await files.objects.remove(head.bucket, key);
  const quiet = fields.get('Quiet') === 'true';
  return xmlReply('DeleteResult', quiet ? '' : keys.map((key) => `<Deleted>${element('Key', key)}</Deleted>`).join(''));
};

function keyOf(record: ReadonlyMap<string, string>): string {
  const key = record.get('Key');
  if (key === undefined || key === '') throw new S3Error('MalformedXML');
  for (const name of record.keys()) {
    if (name !== 'Key') throw new S3Error('NotImplemented', `The element ${name} is not supported.`);
  }
  return key;
}
