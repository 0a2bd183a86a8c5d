/** `If-Match` and `If-None-Match` (RFC 9110, section 13.1; Amazon S3 User Guide, "conditional requests"). */
import type { ObjectDescription } from './disk/object-files.ts';
import type { RequestHead } from './request-head.ts';
import { S3Error } from './s3-error.ts';

type Headers = RequestHead['headers'];
type Described = { readonly description: Pick<ObjectDescription, 'etag'> } | undefined;

/** @throws S3Error if the conditions do not allow the write. */
export function checkBeforeWrite(headers: Headers, current: Described): void {
  const noneMatch = headers['if-none-match'];
  const match = headers['if-match'];
  if (noneMatch !== undefined && noneMatch !== '*') {
    throw new S3Error('NotImplemented', 'For a write, If-None-Match must be *.');
  }
  if (noneMatch === '*' && current !== undefined) throw new S3Error('PreconditionFailed', 'The object exists.');
  if (match === undefined) return;
  if (current === undefined) throw new S3Error('NoSuchKey');
  if (!matches(match, current.description.etag))
    throw new S3Error('PreconditionFailed', 'The object has a different ETag.');
}

/** @returns whether the client already has the object (304). @throws S3Error PreconditionFailed. */
export function isNotModified(headers: Headers, etag: string): boolean {
  const match = headers['if-match'];
  if (match !== undefined && !matches(match, etag)) throw new S3Error('PreconditionFailed');
  const noneMatch = headers['if-none-match'];
  return noneMatch !== undefined && matches(noneMatch, etag);
}

function matches(condition: string, etag: string): boolean {
  return condition.split(',').some((one) => one.trim() === '*' || unquoted(one) === etag);
}

/** Clients send ETags with and without quotes. */
export function unquoted(etag: string): string {
  return etag.trim().replace(/^"(.*)"$/, '$1');
}
