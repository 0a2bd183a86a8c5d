/** CompleteMultipartUpload: checks the parts and copies them in order into one file, which becomes the object. */
import { createHash } from 'node:crypto';
import { CHECKSUMS, type Checksum } from '../../../body/checksum.ts';
import type { Call, OperationHandler } from '../call.ts';
import { checkBeforeWrite } from '../conditions.ts';
import type { ObjectDescription, StoredChecksum } from '../disk/object-files.ts';
import { piecesOf, writeAll } from '../disk/sealed-file.ts';
import type { TemporaryFile } from '../disk/temporary-files.ts';
import type { StoredPart, UploadDescription } from '../disk/upload-files.ts';
import { checksumElementName, compositeChecksum, objectChecksum } from '../multipart-checksum.ts';
import { element, type Reply, xmlReply } from '../reply.ts';
import { S3Error } from '../s3-error.ts';
import {
  checkListedChecksums,
  checkListedPart,
  checkPartSizes,
  type ListedPart,
  readCompleteDocument,
} from './complete-document.ts';

export const completeMultipartUpload: OperationHandler = async (call) => {
  const { head, files, document, parameters } = call;
  const listed = readCompleteDocument(await document());
  const id = parameters.get('uploadId') as string;
  return files.uploads.exclusively(id, async () => {
    const upload = await files.uploads.find(id, head.bucket, head.key);
    if (upload === undefined) return answerAgain(call, id, listed);
    checkListedChecksums(upload.checksum, listed);
    const parts = await findParts(call, id, listed);
    checkBeforeWrite(head.headers, await files.objects.read(head.bucket, head.key));
    const description = await writeObject(call, id, upload, parts);
    await files.uploads.remove(id);
    return answer(call, description);
  });
};

/** A client that did not receive the response repeats the request: it gets the same response while the object exists. */
async function answerAgain(call: Call, id: string, listed: readonly ListedPart[]): Promise<Reply> {
  const object = await call.files.objects.read(call.head.bucket, call.head.key);
  const sameParts = object?.description.etag === etagOf(listed.map(({ etag }) => etag));
  if (object === undefined || object.description.uploadId !== id || !sameParts) throw new S3Error('NoSuchUpload');
  return answer(call, object.description);
}

async function findParts({ head, files }: Call, id: string, listed: readonly ListedPart[]): Promise<StoredPart[]> {
  const parts: StoredPart[] = [];
  for (const one of listed) parts.push(checkListedPart(one, await files.uploads.readPart(id, one.number)));
  checkPartSizes(parts);
  const declared = head.headers['x-amz-mp-object-size'];
  if (declared !== undefined && declared !== String(parts.reduce((sum, { size }) => sum + size, 0))) {
    throw new S3Error('InvalidRequest', 'x-amz-mp-object-size is not the total size of the parts.');
  }
  return parts;
}

function writeObject(
  { head, files, now }: Call,
  id: string,
  upload: UploadDescription,
  parts: readonly StoredPart[],
): Promise<ObjectDescription> {
  return files.temporary.use(async (temporary) => {
    const etag = etagOf(parts.map(({ description }) => description.etag));
    const checksum = await checksumOf(upload, parts, (full) => concatenate(files, id, parts, temporary, full));
    checkPromisedChecksum(head.headers, checksum);
    const { headers } = upload;
    const description = { key: head.key, etag, modified: now(), headers, checksum, uploadId: id };
    await files.objects.commit(head.bucket, temporary, description, (it) => checkBeforeWrite(head.headers, it));
    return description;
  });
}

/** A full object checksum is computed while the parts are copied, a composite checksum from the checksums of the parts. */
async function checksumOf(
  upload: UploadDescription,
  parts: readonly StoredPart[],
  copy: (full: Checksum | undefined) => Promise<void>,
): Promise<StoredChecksum | undefined> {
  const sums = parts.map(({ description }) => description.checksum);
  const wanted = objectChecksum(
    upload.checksum,
    sums.map((sum) => sum?.name),
  );
  const full = wanted?.type === 'FULL_OBJECT' ? await CHECKSUMS[wanted.name].create() : undefined;
  await copy(full);
  if (wanted === undefined) return undefined;
  const value = full
    ? full.digest()
    : await compositeChecksum(
        wanted.name,
        sums.map((sum) => sum?.value ?? ''),
      );
  return { ...wanted, value };
}

async function concatenate(
  { uploads }: Call['files'],
  id: string,
  parts: readonly StoredPart[],
  temporary: TemporaryFile,
  checksum: Checksum | undefined,
): Promise<void> {
  for (const { number } of parts) {
    const part = await uploads.openPart(id, number);
    if (part === undefined) throw new S3Error('InvalidPart');
    try {
      for await (const bytes of piecesOf(part.file, part.size)) {
        checksum?.update(bytes);
        await writeAll(temporary.file, bytes);
      }
    } finally {
      await part.file.close();
    }
  }
}

/** Verifies the checksum that the client expects of the object. */
function checkPromisedChecksum(headers: Call['head']['headers'], checksum: StoredChecksum | undefined): void {
  const type = headers['x-amz-checksum-type'];
  if (type !== undefined && type !== checksum?.type) {
    throw new S3Error('InvalidRequest', `The object has no checksum of the type ${type}.`);
  }
  for (const name in headers) {
    const algorithm = /^x-amz-checksum-(?!algorithm$|type$|mode$)(.*)$/.exec(name)?.[1];
    if (algorithm === undefined) continue;
    if (algorithm !== checksum?.name || !isChecksumOf(headers[name], checksum)) {
      throw new S3Error('BadDigest', `${name} is not the checksum of the object.`);
    }
  }
}

/** minio-go sends composite checksums without the number of parts, which MinIO also accepts. */
function isChecksumOf(promised: string | undefined, { value }: StoredChecksum): boolean {
  return promised === value || promised === value.replace(/-\d+$/, '');
}

/** The MD5 of the parts' MD5s, followed by the number of parts. */
function etagOf(ofParts: readonly string[]): string {
  const md5 = createHash('md5');
  for (const etag of ofParts) md5.update(Buffer.from(etag, 'hex'));
  return `${md5.digest('hex')}-${ofParts.length}`;
}

function answer({ head }: Call, { etag, checksum }: ObjectDescription): Reply {
  const sum = checksum && element(checksumElementName(checksum.name), checksum.value);
  return xmlReply(
    'CompleteMultipartUploadResult',
    element('Location', `http://${head.headers.host}${head.path}`) +
      element('Bucket', head.bucket) +
      element('Key', head.key) +
      element('ETag', `"${etag}"`) +
      (sum ?? '') +
      element('ChecksumType', checksum?.type),
  );
}
