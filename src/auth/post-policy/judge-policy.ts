/**
 * Whether the policy allows a form: every condition holds, and a condition covers every field
 * (Amazon S3 API Reference, "POST Policy").
 */
import { Failure, type FailureOptions } from '../../domain/failure.ts';
import type { LengthBounds } from '../../domain/stages.ts';
import type { MatchCondition, Policy, RangeCondition } from './policy-document.ts';

/** The upload that a form requests. */
export interface FormRequest {
  /** Of the URL; a form field `bucket` does not change it. */
  readonly bucket: string;
  /** The key of the object. */
  readonly key: string;
  readonly fields: ReadonlyMap<string, string>;
  /** Bytes. Without the exact number, a file is refused here only if no length within its bounds is allowed. */
  readonly fileLength: LengthBounds;
}

/** Fields without a condition; those with the prefix `x-ignore-` need none either. */
const UNCOVERED = new Set(['policy', 'x-amz-signature', 'file']);

/** @param now milliseconds since the epoch. @throws Failure policy_violated. */
export function judgePolicy({ expiresAt, conditions }: Policy, request: FormRequest, now: number): void {
  if (now >= expiresAt) throw violated('policy_expired', 'Policy expired.');
  const values = new Map(request.fields).set('bucket', request.bucket).set('key', request.key);
  const types = values.get('content-type');
  const starts = types === undefined ? values : new Map(values).set('content-type', commonStart(types));
  const covered = new Set(UNCOVERED);
  for (const condition of conditions) {
    if (condition.operator === 'content-length-range') judgeLength(condition, request.fileLength);
    else {
      judgeMatch(condition, (condition.operator === 'eq' ? values : starts).get(condition.field));
      covered.add(condition.field);
    }
  }
  // The bucket counts as a field: a policy that names none would be good for every bucket of its signer.
  for (const field of values.keys()) {
    if (!covered.has(field) && !field.startsWith('x-ignore-'))
      throw violated('field_not_covered', `Extra input fields: ${field}`);
  }
}

function judgeMatch(condition: MatchCondition, actual: string | undefined): void {
  if (actual !== undefined && holds(condition, actual)) return;
  const { operator, field, value } = condition;
  // The value stays out of the message, which is logged: it may be a token or a person's.
  const shown = /^[\x21-\x7e]{1,128}$/.test(field) ? field : '?';
  const details = { Condition: JSON.stringify([operator, `$${field}`, value]) };
  throw violated('condition_failed', `Policy Condition failed: ["${operator}", "$${shown}", ...]`, { details });
}

function holds({ operator, value }: MatchCondition, actual: string): boolean {
  return operator === 'eq' ? actual === value : actual.startsWith(value);
}

/** "Matching Content-Types in a Comma-Separated List": each must begin with the value, so what they have in common must. */
function commonStart(contentTypes: string): string {
  const [first = '', ...others] = contentTypes.split(',').map((type) => type.trimStart());
  let length = first.length;
  for (const other of others) {
    let same = 0;
    while (same < length && first[same] === other[same]) same++;
    length = same;
  }
  return first.slice(0, length);
}

/** @throws Failure policy_violated. */
export function judgeLengths({ conditions }: Policy, length: LengthBounds): void {
  for (const condition of conditions) if (condition.operator === 'content-length-range') judgeLength(condition, length);
}

function judgeLength({ min, max }: RangeCondition, { least, most }: LengthBounds): void {
  if (least > max) throw wrongLength('EntityTooLarge', 'larger than the policy of the form allows', least, max);
  if (most < min) throw wrongLength('EntityTooSmall', 'smaller than the policy of the form allows', most, min);
}

function wrongLength(code: 'EntityTooLarge' | 'EntityTooSmall', how: string, length: number, limit: number): Failure {
  const name = code === 'EntityTooLarge' ? 'MaxSizeAllowed' : 'MinSizeAllowed';
  const details = { ProposedSize: String(length), [name]: String(limit) };
  const options = { reason: 'file_size', code, status: 400, details };
  return new Failure('policy_violated', `The file is ${how}.`, options);
}

function violated(reason: string, wrong: string, options: FailureOptions = {}): Failure {
  return new Failure('policy_violated', `Invalid according to Policy: ${wrong}`, { ...options, reason });
}
