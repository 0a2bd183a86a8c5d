/** GetObject and HeadObject. */
import type { FileHandle } from 'node:fs/promises';
import { parseRange } from '../byte-range.ts';
import type { Call, OperationHandler } from '../call.ts';
import { isNotModified } from '../conditions.ts';
import type { StoredObject } from '../disk/object-files.ts';
import { checksumHeaders, describingHeaders } from '../object-headers.ts';
import { emptyReply, type Reply } from '../reply.ts';
import { S3Error } from '../s3-error.ts';

export const getObject: OperationHandler = async (call) => {
  const object = await call.files.objects.open(call.head.bucket, call.head.key);
  if (object === undefined) throw new S3Error('NoSuchKey');
  let reply: Reply | undefined;
  try {
    reply = replyFor(call, object);
    return reply;
  } finally {
    // The reply keeps the file open until it is written.
    if (reply === undefined || typeof reply.body === 'string') await object.file.close();
  }
};

function replyFor({ head }: Call, { description, size, file }: StoredObject & { file: FileHandle }): Reply {
  const describing = describingHeaders(description);
  if (isNotModified(head.headers, description.etag)) return emptyReply(304, describing);
  const range = parseRange(head.headers.range, size);
  const { start, length } = range ?? { start: 0, length: size };
  // The checksum is for the whole object: with a range, clients would verify it against the partial body.
  const wantsChecksum = range === undefined && head.headers['x-amz-checksum-mode']?.toUpperCase() === 'ENABLED';
  const headers = {
    ...describing,
    ...(wantsChecksum ? checksumHeaders(description.checksum) : {}),
    ...(range === undefined ? {} : { 'content-range': `bytes ${start}-${start + length - 1}/${size}` }),
    'content-length': String(length),
  };
  const status = range === undefined ? 200 : 206;
  return head.method === 'HEAD' ? emptyReply(status, headers) : { status, headers, body: { file, start, length } };
}
