/**
 * The policy of a form, read strictly (Amazon S3 API Reference, "POST Policy"). Unknown elements are refused,
 * because an ignored condition would not be enforced.
 */
import { Failure } from '../../domain/failure.ts';
import { hasUniqueMembers } from '../jwt/unique-members.ts';

export interface Policy {
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  readonly conditions: readonly Condition[];
}

export type Condition = MatchCondition | RangeCondition;

export interface MatchCondition {
  readonly operator: 'eq' | 'starts-with';
  /** Name of the field in lower case, without its `$`. */
  readonly field: string;
  readonly value: string;
}

/** Of the file's length in bytes, both ends included. */
export interface RangeCondition {
  readonly operator: 'content-length-range';
  readonly min: number;
  readonly max: number;
}

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
const UTF8 = new TextDecoder('utf-8', { fatal: true });
const EXPIRATION = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/;

/** @param base64 as in the form. @throws Failure form_refused, code InvalidPolicyDocument. */
export function parsePolicy(base64: string): Policy {
  const document = parseJson(base64);
  if (!isObject(document)) throw invalid('it is not an object');
  const unknown = Object.keys(document).some((name) => name !== 'expiration' && name !== 'conditions');
  if (unknown) throw invalid('it has members other than expiration and conditions');
  const { expiration, conditions } = document;
  if (typeof expiration !== 'string' || !EXPIRATION.test(expiration) || Number.isNaN(Date.parse(expiration)))
    throw invalid('its expiration is missing, or not a date such as 2030-12-31T12:00:00.000Z');
  if (!Array.isArray(conditions)) throw invalid('it has no list of conditions');
  return { expiresAt: Date.parse(expiration), conditions: conditions.map(readCondition) };
}

function parseJson(base64: string): unknown {
  if (!BASE64.test(base64)) throw invalid('it is not base64');
  try {
    const text = UTF8.decode(Buffer.from(base64, 'base64'));
    const document: unknown = JSON.parse(text);
    if (hasUniqueMembers(text)) return document;
  } catch {
    throw invalid('it is not JSON in UTF-8');
  }
  throw invalid('it names a member twice');
}

function readCondition(written: unknown): Condition {
  if (Array.isArray(written)) return readList(written);
  if (!isObject(written)) throw invalid('a condition is neither an object nor a list');
  const members = Object.entries(written);
  const [field, value] = members[0] ?? [];
  if (members.length !== 1 || field === undefined) throw invalid('a simple condition has not exactly one member');
  if (typeof value !== 'string') throw invalid('the value of a simple condition is not a string');
  return { operator: 'eq', field: field.toLowerCase(), value };
}

function readList(list: readonly unknown[]): Condition {
  const [name, first, second] = list;
  const operator = typeof name === 'string' ? name.toLowerCase() : undefined;
  if (operator !== 'eq' && operator !== 'starts-with' && operator !== 'content-length-range')
    throw invalid('a condition has an operator other than eq, starts-with and content-length-range');
  if (list.length !== 3) throw invalid(`a condition ${operator} has not exactly two operands`);
  if (operator === 'content-length-range') return { operator, min: readLength(first), max: readLength(second) };
  if (typeof first !== 'string' || !first.startsWith('$') || typeof second !== 'string')
    throw invalid(`a condition ${operator} is not about a field, such as "$key", and a string`);
  return { operator, field: first.slice(1).toLowerCase(), value: second };
}

/** S3 also accepts digits in quotation marks. */
function readLength(written: unknown): number {
  const length = typeof written === 'string' && /^\d{1,15}$/.test(written) ? Number(written) : written;
  if (typeof length === 'number' && Number.isSafeInteger(length) && length >= 0) return length;
  throw invalid('a length of content-length-range is not a number of bytes');
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(wrong: string): Failure {
  const options = { reason: 'policy_malformed', code: 'InvalidPolicyDocument' };
  return new Failure('form_refused', `The policy of the form is not valid: ${wrong}.`, options);
}
