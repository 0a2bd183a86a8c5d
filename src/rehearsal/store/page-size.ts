/** The page size parameters of listings. */
import { S3Error } from './s3-error.ts';

/** Maximum number of entries per page (Amazon S3 API Reference: `max-keys`, `max-parts`, `max-uploads`). */
const MAX_PAGE = 1000;

/** @throws S3Error InvalidArgument if it is not a number. */
export function pageSize(text: string | undefined, name: string): number {
  return Math.min(MAX_PAGE, wholeNumber(text, name, MAX_PAGE));
}

export function wholeNumber(text: string | undefined, name: string, otherwise: number): number {
  if (text === undefined) return otherwise;
  if (!/^\d{1,9}$/.test(text)) throw new S3Error('InvalidArgument', `${name} is not a number.`);
  return Number(text);
}
