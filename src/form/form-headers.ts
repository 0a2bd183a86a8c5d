/**
 * Converts form fields to the request headers of a PUT (Amazon S3 API Reference, "POST Object"). They are then checked and
 * forwarded like the headers of any other request.
 */
import { Failure } from '../domain/failure.ts';
import { formRefused } from './refusals.ts';
import { tagsOfDocument } from './tagging-document.ts';

/** Fields that are headers of the same name, in addition to all that start with `x-amz-`. */
const SAME_NAME = new Set([
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-md5',
  'content-type',
  'expires',
]);

/** Fields that are headers under another name. */
const OTHER_NAME = new Map([
  ['acl', 'x-amz-acl'],
  ['tagging', 'x-amz-tagging'],
  ['x-amz-checksum-algorithm', 'x-amz-sdk-checksum-algorithm'],
]);

/** They authorize the form and do not describe the object. */
const CREDENTIALS = /^x-amz-(algorithm|credential|date|signature|security-token)$/;
/** They would define the framing of the body; a form frames its file itself. */
const FRAMING = /^x-amz-(content-sha256|decoded-content-length|trailer)$/;
const HEADER_NAME = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
const CONTROL = /[\0-\x08\x0a-\x1f\x7f]/;

/**
 * @returns lower-case names; values with one character for each UTF-8 byte, as in headers.
 * @throws Failure form_refused; malformed_xml; not_implemented for fields that this gateway does not support.
 */
export function headersOfFields(fields: ReadonlyMap<string, string>): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [field, value] of fields) {
    refuseFraming(field);
    const name = OTHER_NAME.get(field) ?? field;
    if (!isHeader(name)) continue;
    if (headers[name] !== undefined) throw formRefused('duplicate_field');
    const headerValue = field === 'tagging' ? tagsOfDocument(value) : value;
    if (!HEADER_NAME.test(name) || CONTROL.test(headerValue)) throw formRefused('bad_value');
    headers[name] = Buffer.from(headerValue).toString('latin1');
  }
  return headers;
}

const isHeader = (name: string): boolean =>
  SAME_NAME.has(name) || (name.startsWith('x-amz-') && !CREDENTIALS.test(name));

function refuseFraming(field: string): void {
  if (!FRAMING.test(field)) return;
  throw new Failure('not_implemented', `The form field ${field} is not supported. Remove it.`, {
    reason: 'field_not_offered',
  });
}
