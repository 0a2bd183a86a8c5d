/**
 * What follows the file of a form. S3 ignores fields after the file (Amazon S3 API Reference, "POST Object": "any fields below
 * it are ignored"). They are read to the closing delimiter, which proves that the form arrived whole, and then dropped.
 */
import type { Boundary } from './boundary.ts';
import { parsePartHead } from './part-headers.ts';
import { formRefused, MAX_FIELD_BYTES } from './refusals.ts';

/** Bytes after the delimiter that ends the file. */
export const MAX_TAIL = MAX_FIELD_BYTES;

const PADDING = /^[ \t]*\r\n/;
const EMPTY_LINE = '\r\n\r\n';

/**
 * @param tail the bytes between the delimiter that ends the file and the end of the body. The last CRLF may be missing
 * (RFC 2046, section 5.1.1).
 * @throws Failure form_refused for a second file, a malformed part, and a form that is cut or too large.
 */
export function checkTail(tail: Buffer, { delimiter }: Boundary): void {
  if (tail.length > MAX_TAIL) throw formRefused('tail_too_large');
  let at = 0;
  while (!isClosing(tail.subarray(at))) {
    const end = tail.indexOf(delimiter, at);
    if (end < 0) throw formRefused('no_end');
    checkPart(tail.toString('latin1', at, end));
    at = end + delimiter.length;
  }
}

const isClosing = (rest: Buffer): boolean => /^--(\r\n)?$/.test(rest.toString('latin1', 0, 5));

function checkPart(part: string): void {
  const padding = PADDING.exec(part)?.[0].length;
  const end = part.indexOf(EMPTY_LINE);
  if (padding === undefined || end < 0) throw formRefused('malformed_part');
  if (parsePartHead(part.slice(padding, end)).name === 'file') throw formRefused('two_files');
}
