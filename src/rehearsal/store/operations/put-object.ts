/** PutObject: writes the bytes to a temporary file, verifies them, and makes them the object with one rename. */
import type { OperationHandler } from '../call.ts';
import { checkBeforeWrite } from '../conditions.ts';
import type { StoredChecksum } from '../disk/object-files.ts';
import { writeAll } from '../disk/sealed-file.ts';
import { checksumHeaders, keptHeaders } from '../object-headers.ts';
import { emptyReply } from '../reply.ts';
import { S3Error } from '../s3-error.ts';

export const putObject: OperationHandler = async ({ head, files, now, promises, receive }) => {
  const { bucket, key, headers } = head;
  if (promises.length === undefined) throw new S3Error('MissingContentLength');
  const kept = keptHeaders(headers);
  // Checked twice: now, so that a rejected client does not have to send its body, and again when the object is written.
  checkBeforeWrite(headers, await files.objects.read(bucket, key));
  return files.temporary.use(async (temporary) => {
    const body = await receive((bytes) => writeAll(temporary.file, bytes));
    const checksum: StoredChecksum | undefined = body.checksum && { ...body.checksum, type: 'FULL_OBJECT' };
    const description = { key, etag: body.md5, modified: now(), headers: kept, checksum };
    await files.objects.commit(bucket, temporary, description, (current) => checkBeforeWrite(headers, current));
    return emptyReply(200, { etag: `"${body.md5}"`, ...checksumHeaders(checksum) });
  });
};
