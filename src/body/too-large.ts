/** The refusal of a body above the operator's limit: it names the limit and the alternative. */
import { Failure } from '../domain/failure.ts';
import type { Authenticated } from '../domain/stages.ts';

/** The kinds of bodies: limits and alternatives differ. */
export type BodyKind = 'object' | 'form' | 'part';

export function kindOf({ operation, form }: Pick<Authenticated, 'operation' | 'form'>): BodyKind {
  if (operation === 'UploadPart') return 'part';
  return form === undefined ? 'object' : 'form';
}

const REFUSALS: Readonly<Record<BodyKind, (limit: number) => string>> = {
  object: (limit) =>
    `The object is larger than upload.max_object_size of this gateway, ${limit} bytes. A multipart upload may be larger.`,
  form: (limit) => `The file is larger than upload.max_object_size of this gateway, ${limit} bytes.`,
  part: (limit) => `The part is larger than upload.max_part_size of this gateway, ${limit} bytes. Use smaller parts.`,
};

/** @param limit in bytes. */
export function tooLarge(kind: BodyKind, limit: number): Failure {
  return new Failure('too_large', REFUSALS[kind](limit));
}
