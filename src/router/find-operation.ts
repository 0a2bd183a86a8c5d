/**
 * From method and query to the S3 operation, by allow-list: a parameter that the operation does not know, or that comes
 * twice, is refused. `?acl`, `?tagging`, `?delete` and all the others have no way through.
 */
import { Failure } from '../domain/failure.ts';
import { OPERATIONS, type OperationName, type OperationShape } from '../domain/operation.ts';

type Parameters = ReadonlyMap<string, string>;

/** Carry a presigned request's credentials (AWS Signature V4, "Authenticating Requests: Using Query Parameters"). */
const SIGNATURE_PARAMETER =
  /^x-amz-(algorithm|credential|date|expires|signedheaders|signature|security-token|content-sha256)$/i;
/** What the AWS SDK for JavaScript puts into a presigned URL: about an empty body, and so about nothing. */
const PRESIGNED_CHECKSUM = /^x-amz-(checksum-[a-z0-9]+|sdk-checksum-algorithm)$/;

export interface FoundOperation {
  readonly operation: OperationName;
  /** The parameters that mean something to the operation, in the client's order. */
  readonly parameters: Parameters;
}

/** @throws Failure method_not_allowed, object_not_visible, not_implemented, invalid_argument. */
export function findOperation(
  method: string,
  query: readonly (readonly [string, string])[],
  hasKey: boolean,
): FoundOperation {
  const parameters = meaningful(query);
  if (!hasKey) throw refusalOfBucketRequest(method);
  const found = OFFERED.find(([, shape]) => shape.method === method && fits(shape, parameters));
  if (found === undefined) throw refusalOf(method, parameters);
  const [operation, shape] = found;
  const id = query.find(([name]) => name === 'x-id')?.[1];
  if (id !== undefined && id !== operation) throw new Failure('invalid_argument', 'x-id names another operation.');
  checkValues(shape, parameters);
  return { operation, parameters };
}

/** A form names its object itself, so its path does not: see route-form.ts. */
const OFFERED = (Object.entries(OPERATIONS) as [OperationName, OperationShape][]).filter(
  ([name]) => name !== 'PostObject',
);

function fits(shape: OperationShape, parameters: Parameters): boolean {
  if (!shape.requires.every((name) => parameters.has(name))) return false;
  return [...parameters.keys()].every((name) => shape.requires.includes(name) || shape.allows.includes(name));
}

function meaningful(query: readonly (readonly [string, string])[]): Parameters {
  const parameters = new Map<string, string>();
  const seen = new Set<string>();
  for (const [name, value] of query) {
    if (seen.has(name)) throw new Failure('invalid_argument', 'A query parameter came twice.');
    seen.add(name);
    if (name === 'x-id' || SIGNATURE_PARAMETER.test(name) || PRESIGNED_CHECKSUM.test(name)) continue;
    parameters.set(name, value);
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
  const uploadId = parameters.get('uploadId');
  if (uploadId !== undefined && !/^[\x21-\x7e]{1,1024}$/.test(uploadId)) {
    throw new Failure('invalid_argument', 'uploadId is empty, too long, or has characters that no upload id has.');
  }
}

function refusalOf(method: string, parameters: Parameters): Failure {
  if (parameters.size > 0 && method !== 'GET' && method !== 'HEAD') {
    return new Failure('not_implemented', 'This gateway does not offer what the query parameters ask for.');
  }
  // Stock clients look before they upload (rclone, s4cmd). "Not there" lets them go on and tells nothing about the bucket.
  if (method === 'HEAD') return new Failure('object_not_visible');
  return new Failure('method_not_allowed');
}

function refusalOfBucketRequest(method: string): Failure {
  if (method === 'PUT' || method === 'POST') {
    return new Failure(
      'not_implemented',
      'The path names no object, and the request is no multipart/form-data form that does: this gateway takes objects only.',
    );
  }
  return new Failure('method_not_allowed');
}
