/** PutObject: the bytes go to a temporary file; what was promised about them is checked; one rename makes them the object. */
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
  // Looked at twice: now, so that a refused client need not send its body, and once more when the object is written.
  checkBeforeWrite(headers, await files.objects.read(bucket, key));
  return files.temporary.use(async (temporary) => {
    const body = await receive((bytes) => writeAll(temporary.file, bytes));
    const checksum: StoredChecksum | undefined = body.checksum && { ...body.checksum, type: 'FULL_OBJECT' };
    const description = { key, etag: body.md5, modified: now(), headers: kept, checksum };
    await files.objects.commit(bucket, temporary, description, (current) => checkBeforeWrite(headers, current));
    return emptyReply(200, { etag: `"${body.md5}"`, ...checksumHeaders(checksum) });
  });
};
