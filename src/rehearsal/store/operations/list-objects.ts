/** ListObjectsV2. Reads the description of every object in the bucket, which suffices for demos and tests. */
import { percentEncodePath } from '../../../kit/percent.ts';
import type { OperationHandler } from '../call.ts';
import type { StoredObject } from '../disk/object-files.ts';
import { pageSize } from '../page-size.ts';
import { element, xmlReply, xmlTime } from '../reply.ts';
import { S3Error } from '../s3-error.ts';

/** A key, or a common prefix up to the delimiter. */
interface Entry {
  readonly name: string;
  /** Undefined for a common prefix. */
  readonly object: StoredObject | undefined;
}

export const listObjects: OperationHandler = async ({ head, parameters, files }) => {
  const prefix = parameters.get('prefix') ?? '';
  const delimiter = parameters.get('delimiter') ?? '';
  const token = parameters.get('continuation-token');
  const after = token === undefined ? (parameters.get('start-after') ?? '') : readToken(token);
  const encode = encoderFor(parameters.get('encoding-type'));
  const limit = pageSize(parameters.get('max-keys'), 'max-keys');
  const objects = (await files.objects.list(head.bucket)).filter(({ description }) =>
    description.key.startsWith(prefix),
  );
  const entries = group(objects, prefix, delimiter).filter(({ name }) => isAfter(name, after));
  const page = entries.slice(0, limit);
  const last = page.at(-1);
  const truncated = last !== undefined && entries.length > page.length;
  return xmlReply(
    'ListBucketResult',
    element('Name', head.bucket) +
      element('Prefix', encode(prefix)) +
      element('Delimiter', delimiter === '' ? undefined : encode(delimiter)) +
      element('EncodingType', parameters.get('encoding-type')) +
      element('MaxKeys', limit) +
      element('KeyCount', page.length) +
      element('IsTruncated', truncated) +
      element('ContinuationToken', token) +
      element('NextContinuationToken', truncated ? Buffer.from(last.name).toString('base64url') : undefined) +
      element('StartAfter', parameters.get('start-after')) +
      page.map((entry) => entryXml(entry, encode)).join(''),
  );
};

function group(objects: readonly StoredObject[], prefix: string, delimiter: string): Entry[] {
  const entries: Entry[] = [];
  for (const object of objects) {
    const { key } = object.description;
    const end = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    const name = end < 0 ? key : key.slice(0, end + delimiter.length);
    if (end < 0) entries.push({ name, object });
    else if (entries.at(-1)?.name !== name) entries.push({ name, object: undefined });
  }
  return entries;
}

function isAfter(name: string, after: string): boolean {
  return after === '' || Buffer.compare(Buffer.from(name), Buffer.from(after)) > 0;
}

function readToken(token: string): string {
  const name = Buffer.from(token, 'base64url').toString('utf8');
  if (name === '' || Buffer.from(name).toString('base64url') !== token) {
    throw new S3Error('InvalidArgument', 'The continuation token is invalid.');
  }
  return name;
}

function encoderFor(encodingType: string | undefined): (text: string) => string {
  if (encodingType === undefined) return (text) => text;
  if (encodingType !== 'url') throw new S3Error('InvalidArgument', 'encoding-type must be url.');
  return percentEncodePath;
}

function entryXml({ name, object }: Entry, encode: (text: string) => string): string {
  if (object === undefined) return `<CommonPrefixes>${element('Prefix', encode(name))}</CommonPrefixes>`;
  const { etag, modified, headers } = object.description;
  const fields =
    element('Key', encode(name)) +
    element('LastModified', xmlTime(modified)) +
    element('ETag', `"${etag}"`) +
    element('Size', object.size) +
    element('StorageClass', headers['x-amz-storage-class'] ?? 'STANDARD');
  return `<Contents>${fields}</Contents>`;
}
