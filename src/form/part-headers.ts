/** The head of one part of a form (RFC 7578, section 4.2): which field it is, and what the client calls its file. */

import { FIXED_LIMITS } from '../domain/fixed-limits.ts';
import { parseParameters } from './parameters.ts';
import { formRefused } from './refusals.ts';

export interface PartHead {
  /** In lower case: S3 does not look at the case of field names. */
  readonly name: string;
  /** As it was sent; undefined without a `filename`. */
  readonly fileName: string | undefined;
}

const MAX_LINES = FIXED_LIMITS.form_part_headers;
const LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):([^\0\r\n]*)$/;
/** Visible ASCII and spaces: nothing that two readers could write in two ways. */
const NAME = /^[\x20-\x7e]{1,128}$/;
const AS_IT_IS = /^[ \t]*(7bit|8bit|binary)[ \t]*$/i;

/** @param text the lines of the head, without the empty one after them. @throws Failure form_refused. */
export function parsePartHead(text: string): PartHead {
  const lines = text.split('\r\n');
  if (lines.length > MAX_LINES) throw formRefused('malformed_part');
  let disposition: string | undefined;
  for (const line of lines) {
    const [, header, value] = LINE.exec(line) ?? [];
    if (header === undefined || value === undefined) throw formRefused('malformed_part');
    const name = header.toLowerCase();
    if (name === 'content-transfer-encoding' && !AS_IT_IS.test(value)) throw formRefused('encoded_part');
    if (name !== 'content-disposition') continue;
    if (disposition !== undefined) throw formRefused('malformed_part');
    disposition = value;
  }
  if (disposition === undefined) throw formRefused('malformed_part');
  return readDisposition(disposition);
}

function readDisposition(text: string): PartHead {
  const parsed = parseParameters(text);
  if (parsed?.value !== 'form-data') throw formRefused('malformed_part');
  const { parameters } = parsed;
  if (parameters.has('name*') || parameters.has('filename*')) throw formRefused('extended_parameter');
  const name = parameters.get('name') ?? '';
  if (!NAME.test(name)) throw formRefused('malformed_name');
  return { name: name.toLowerCase(), fileName: parameters.get('filename') };
}
