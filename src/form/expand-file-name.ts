/** The variable `${filename}` in the fields of a form. */
import type { UploadForm } from '../domain/stages.ts';
import { formRefused, MAX_FIELD_BYTES, MAX_FILE_NAME } from './refusals.ts';

const VARIABLE = `\${filename}`;

/**
 * "Creating an HTML form (using AWS Signature V4)": every field can contain the variable, which is replaced by the file name
 * without the directories that some browsers send. The size is checked before expansion: a short form can expand to megabytes.
 * @param form with the file name as sent by the client.
 * @throws Failure form_refused.
 */
export function expandFileName({ fields, fileName }: UploadForm): UploadForm {
  const name = fileName.slice(Math.max(fileName.lastIndexOf('/'), fileName.lastIndexOf('\\')) + 1);
  const nameBytes = Buffer.byteLength(name);
  if (nameBytes > MAX_FILE_NAME) throw formRefused('file_name_too_long');
  const expanded = new Map<string, string>();
  let bytesLeft = MAX_FIELD_BYTES;
  for (const [field, value] of fields) {
    const pieces = value.split(VARIABLE);
    bytesLeft -= Buffer.byteLength(value) + (pieces.length - 1) * (nameBytes - VARIABLE.length);
    if (bytesLeft < 0) throw formRefused('expansion_too_large');
    expanded.set(field, pieces.join(name));
  }
  return { fields: expanded, fileName: name };
}
