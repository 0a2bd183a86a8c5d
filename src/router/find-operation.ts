/**
 * From method and query to the S3 operation, by allow-list: a parameter that the operation does not know, or that comes
 * twice, is refused. `?acl`, `?tagging`, `?delete` and all the others have no way through: refused-operations.ts.
 */
import { Failure } from '../domain/failure.ts';
import {
  BUCKET_REQUESTS,
  type BucketRequest,
  type BucketRequestShape,
  OPERATION_ROWS,
  OPERATIONS,
  type OperationName,
  type OperationShape,
  objectMethods,
} from '../domain/operation.ts';
import { saysNothing } from './query-parameters.ts';
import { refusalOfBucketRequest, refusalOfObjectRequest } from './refused-operations.ts';

type Parameters = ReadonlyMap<string, string>;

/** What a bucket offers beyond uploads; nothing of it unless said. */
export interface Offers {
  /** The response to HEAD of an object; `refuse` unless given. */
  readonly head?: 'refuse' | 'pretend_missing' | 'allow';
  /** Whether listings of objects are answered, as if there were none; `refuse` unless given. */
  readonly listings?: 'refuse' | 'empty';
  /** Whether browsers may ask before they upload. */
  readonly takesPreflights?: boolean;
}

export interface FoundOperation {
  readonly operation: OperationName | BucketRequest;
  /** The parameters that mean something to the operation, in the client's order. */
  readonly parameters: Parameters;
}

/** @throws Failure method_not_allowed, head_refused, listing_refused, object_not_visible, invalid_argument. */
export function findOperation(
  method: string,
  query: readonly (readonly [string, string])[],
  hasKey: boolean,
  offers: Offers = {},
): FoundOperation {
  const parameters = meaningful(query);
  const operation = hasKey ? findUpload(method, parameters, offers) : findQuestion(method, parameters, offers);
  const id = query.find(([name]) => name === 'x-id')?.[1];
  if (id !== undefined && id !== operation) throw new Failure('invalid_argument', 'x-id names another operation.');
  return { operation, parameters };
}

function findUpload(method: string, parameters: Parameters, offers: Offers): OperationName {
  if (method === 'HEAD') refuseHead(offers);
  const found = OFFERED.find(([, shape]) => shape.method === method && fits(shape, parameters));
  if (found === undefined)
    throw refusalOfObjectRequest(method, parameters, allowOf(objectMethods({ head: offers.head === 'allow' }), offers));
  const [operation, shape] = found;
  checkValues(shape, parameters);
  return operation;
}

/** Neither response tells whether the object exists. */
function refuseHead({ head = 'refuse' }: Offers): void {
  if (head === 'refuse') throw new Failure('head_refused');
  if (head === 'pretend_missing') throw new Failure('object_not_visible');
}

/** About the bucket itself. */
function findQuestion(method: string, parameters: Parameters, offers: Offers): BucketRequest {
  const found = QUESTIONS.find(([, shape]) => shape.method === method && fits(shape, parameters));
  if (found === undefined) throw refusalOfBucketRequest(method, parameters, allowOf(BUCKET_METHODS, offers));
  const [question, { lists = false }] = found;
  if (lists && offers.listings !== 'empty') throw new Failure('listing_refused');
  return question;
}

/** A form names its object itself, so its path does not: see route-form.ts. */
const OFFERED = OPERATION_ROWS.filter(([, { actsAs }]) => actsAs === undefined);

const QUESTIONS = Object.entries(BUCKET_REQUESTS) as [BucketRequest, BucketRequestShape][];

function fits(shape: Pick<OperationShape, 'requires' | 'allows'>, parameters: Parameters): boolean {
  if (!shape.requires.every((name) => parameters.has(name))) return false;
  return [...parameters.keys()].every((name) => shape.requires.includes(name) || shape.allows.includes(name));
}

function meaningful(query: readonly (readonly [string, string])[]): Parameters {
  const parameters = new Map<string, string>();
  const seen = new Set<string>();
  for (const [name, value] of query) {
    if (seen.has(name)) throw new Failure('invalid_argument', 'A query parameter came twice.');
    seen.add(name);
    if (!saysNothing(name)) parameters.set(name, value);
  }
  return parameters;
}

function checkValues(shape: OperationShape, parameters: Parameters): void {
  const part = parameters.get('partNumber');
  if (part !== undefined && (!/^[1-9]\d{0,4}$/.test(part) || Number(part) > 10_000)) {
    throw new Failure('invalid_argument', 'partNumber must be an integer from 1 to 10000.');
  }
  if (shape.requires.includes('uploads') && parameters.get('uploads') !== '') {
    throw new Failure('invalid_argument', 'The parameter uploads takes no value.');
  }
  // What else is wrong with it is said by whoever opens it: there is no such upload.
  if (parameters.get('uploadId') === '') throw new Failure('invalid_argument', 'uploadId is empty.');
}

/** POST is that of a form. */
const BUCKET_METHODS = methodsOf([...QUESTIONS, ['PostObject', OPERATIONS.PostObject]]);

function methodsOf(rows: readonly (readonly [string, { readonly method: string }])[]): readonly string[] {
  return [...new Set(rows.map(([, { method }]) => method))];
}

/** RFC 9110, section 10.2.1: `Allow` lists the methods of the target. */
function allowOf(methods: readonly string[], { takesPreflights = false }: Offers): string {
  return (takesPreflights ? [...methods, 'OPTIONS'] : methods).join(', ');
}
