/** The table of reasons to reject a form. The key is the reason, for spans and logs; the row is the error for the client. */
import { Failure } from '../domain/failure.ts';
import { FIXED_LIMITS } from '../domain/fixed-limits.ts';

interface RefusalShape {
  readonly message: string;
  /** S3 error code, if it is not `MalformedPOSTRequest`. */
  readonly code?: string;
}

export const {
  form_fields_bytes: MAX_FIELD_BYTES,
  form_fields: MAX_FIELDS,
  file_name_bytes: MAX_FILE_NAME,
} = FIXED_LIMITS;

export const REFUSALS = {
  no_boundary: { message: 'The Content-Type does not have exactly one boundary of 1 to 70 characters.' },
  no_delimiter: { message: 'The body does not start with the boundary of the Content-Type.' },
  malformed_part: { message: 'A part of the form has malformed headers.' },
  encoded_part: { message: 'A part of the form has a Content-Transfer-Encoding. Send its bytes unencoded.' },
  malformed_name: { message: 'A form field has no name, or its name is not 1 to 128 visible ASCII characters.' },
  extended_parameter: { message: 'The parameters "name*" and "filename*" are not allowed (RFC 7578, section 4.2).' },
  not_utf8: { message: 'A form field is not valid UTF-8.' },
  duplicate_field: { message: 'A form field occurs twice.' },
  too_many_fields: { message: `The form has more than ${MAX_FIELDS} fields before its file.` },
  fields_too_large: {
    message: `The fields before the file are larger than ${MAX_FIELD_BYTES} bytes.`,
    code: 'MaxPostPreDataLengthExceeded',
  },
  expansion_too_large: {
    message: `The form fields are larger than ${MAX_FIELD_BYTES} bytes after \${filename} is replaced by the file name.`,
    code: 'MaxPostPreDataLengthExceeded',
  },
  file_name_too_long: {
    message: `The file name is longer than ${MAX_FILE_NAME} bytes in UTF-8.`,
    code: 'KeyTooLongError',
  },
  no_file: {
    message: 'The form needs exactly one file, in a field named "file".',
    code: 'IncorrectNumberOfFilesInPostRequest',
  },
  two_files: {
    message: 'The form has two files. Send one form per file.',
    code: 'IncorrectNumberOfFilesInPostRequest',
  },
  tail_too_large: { message: `More than ${MAX_FIELD_BYTES} bytes follow the file. Send other fields before the file.` },
  no_end: { message: 'The form does not end with its closing delimiter.' },
  bad_value: { message: 'A form field has a name or a value that is invalid in a header.' },
} as const satisfies Record<string, RefusalShape>;

export type FormRefusal = keyof typeof REFUSALS;

export function formRefused(reason: FormRefusal): Failure {
  const { message, code }: RefusalShape = REFUSALS[reason];
  return new Failure('form_refused', message, code === undefined ? { reason } : { reason, code });
}
