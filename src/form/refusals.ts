/** Why a form is not taken, as one closed table. The key is the reason, for spans and logs; a row is what the client gets. */
import { Failure } from '../domain/failure.ts';
import { FIXED_LIMITS } from '../domain/fixed-limits.ts';

interface RefusalShape {
  readonly message: string;
  /** S3 error code, where S3 has a better one than `MalformedPOSTRequest`. */
  readonly code?: string;
}

export const {
  form_fields_bytes: MAX_FIELD_BYTES,
  form_fields: MAX_FIELDS,
  file_name_bytes: MAX_FILE_NAME,
} = FIXED_LIMITS;

export const REFUSALS = {
  no_boundary: { message: 'The Content-Type names no boundary of 1 to 70 characters, or names two.' },
  no_delimiter: { message: 'The body does not begin with the boundary that the Content-Type names.' },
  malformed_part: { message: 'A part of the form has no well-formed head.' },
  encoded_part: { message: 'A part of the form has a Content-Transfer-Encoding; its bytes must come as they are.' },
  malformed_name: { message: 'A field has no name, or one that is not 1 to 128 visible ASCII characters.' },
  extended_parameter: { message: 'The parameters "name*" and "filename*" are not taken (RFC 7578, section 4.2).' },
  not_utf8: { message: 'A field of the form is not UTF-8.' },
  duplicate_field: { message: 'A field of the form came twice.' },
  too_many_fields: { message: `The form has more than ${MAX_FIELDS} fields before its file.` },
  fields_too_large: {
    message: `The fields before the file are larger than ${MAX_FIELD_BYTES} bytes.`,
    code: 'MaxPostPreDataLengthExceeded',
  },
  expansion_too_large: {
    message: `The fields are larger than ${MAX_FIELD_BYTES} bytes once \${filename} is replaced by the name of the file.`,
    code: 'MaxPostPreDataLengthExceeded',
  },
  file_name_too_long: {
    message: `The name of the file is longer than ${MAX_FILE_NAME} bytes in UTF-8.`,
    code: 'KeyTooLongError',
  },
  no_file: {
    message: 'The form needs exactly one file, in a field named "file".',
    code: 'IncorrectNumberOfFilesInPostRequest',
  },
  two_files: {
    message: 'The form has two files: send one form for each.',
    code: 'IncorrectNumberOfFilesInPostRequest',
  },
  tail_too_large: { message: `More than ${MAX_FIELD_BYTES} bytes follow the file: put other fields before it.` },
  no_end: { message: 'The form does not end with its closing delimiter.' },
  bad_value: { message: 'A field that becomes a header has a name or a value that no header can have.' },
} as const satisfies Record<string, RefusalShape>;

export type FormRefusal = keyof typeof REFUSALS;

export function formRefused(reason: FormRefusal): Failure {
  const { message, code }: RefusalShape = REFUSALS[reason];
  return new Failure('form_refused', message, code === undefined ? { reason } : { reason, code });
}
