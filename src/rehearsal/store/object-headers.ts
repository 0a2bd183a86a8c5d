/** The supported request headers: some are stored with the object, others affect the request. */
import { objectCodings } from './body-promises.ts';
import type { ObjectDescription } from './disk/object-files.ts';
import type { RequestHead } from './request-head.ts';
import { S3Error } from './s3-error.ts';

const KEPT = [
  'cache-control',
  'content-disposition',
  'content-language',
  'content-type',
  'expires',
  'x-amz-storage-class',
] as const;
const METADATA = 'x-amz-meta-';
/** Of names and values together, in bytes (Amazon S3 User Guide, "Working with object metadata"). */
const MAX_METADATA = 2048;

const OBEYED = new Set([
  'x-amz-checksum-algorithm',
  'x-amz-checksum-mode',
  'x-amz-checksum-type',
  'x-amz-content-sha256',
  'x-amz-date',
  'x-amz-decoded-content-length',
  'x-amz-mp-object-size',
  'x-amz-sdk-checksum-algorithm',
  'x-amz-security-token',
  'x-amz-storage-class',
  'x-amz-trailer',
  'x-amz-user-agent',
]);
const OBEYED_BY_PREFIX = /^x-amz-(meta|checksum)-/;
const OWNER_KEEPS_ALL = new Set(['private', 'bucket-owner-full-control']);

/** Headers that S3 supports and this store does not are rejected, because the client depends on their effect. */
export function refuseUnknownHeaders(headers: RequestHead['headers']): void {
  for (const name in headers) {
    if (!name.startsWith('x-amz-') || OBEYED.has(name) || OBEYED_BY_PREFIX.test(name)) continue;
    if (name !== 'x-amz-acl') throw new S3Error('NotImplemented', `The header ${name} is not supported.`);
    if (!OWNER_KEEPS_ALL.has(headers[name] as string)) throw new S3Error('AccessControlListNotSupported');
  }
}

/** The headers that are stored with the object and returned with it. */
export function keptHeaders(headers: RequestHead['headers']): Record<string, string> {
  const kept: Record<string, string> = {};
  let metadataBytes = 0;
  for (const name in headers) {
    const value = headers[name] as string;
    if (name.startsWith(METADATA)) metadataBytes += name.length - METADATA.length + value.length;
    else if (!(KEPT as readonly string[]).includes(name)) continue;
    kept[name] = value;
  }
  if (metadataBytes > MAX_METADATA) throw new S3Error('MetadataTooLarge');
  const codings = objectCodings(headers['content-encoding']);
  if (codings !== '') kept['content-encoding'] = codings;
  return kept;
}

/** The response headers that describe an object. */
export function describingHeaders(description: ObjectDescription): Record<string, string> {
  return {
    'content-type': 'binary/octet-stream',
    ...description.headers,
    etag: `"${description.etag}"`,
    'last-modified': new Date(description.modified).toUTCString(),
    'accept-ranges': 'bytes',
  };
}

export function checksumHeaders(checksum: ObjectDescription['checksum']): Record<string, string> {
  if (checksum === undefined) return {};
  return { [`x-amz-checksum-${checksum.name}`]: checksum.value, 'x-amz-checksum-type': checksum.type };
}
