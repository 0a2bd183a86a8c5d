/** `Range: bytes=…` (RFC 9110, section 14.1.2), a single one. */
import { S3Error } from './s3-error.ts';

export interface ByteRange {
  readonly start: number;
  readonly length: number;
}

/**
 * @returns undefined for the whole object: no header, or one that can be ignored.
 * @throws S3Error InvalidRange if the range contains no byte of the object.
 */
export function parseRange(header: string | undefined, size: number): ByteRange | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (match === null || (match[1] === '' && match[2] === '')) return undefined;
  const [first, last] = [match[1] as string, match[2] as string];
  if (first === '') return inside(Math.max(0, size - Number(last)), size - 1, size);
  if (last !== '' && Number(last) < Number(first)) return undefined;
  return inside(Number(first), last === '' ? size - 1 : Math.min(Number(last), size - 1), size);
}

function inside(start: number, end: number, size: number): ByteRange {
  if (start > end || start >= size) {
    throw new S3Error('InvalidRange', undefined, { 'content-range': `bytes */${size}` });
  }
  return { start, length: end - start + 1 };
}
