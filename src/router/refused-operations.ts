/**
 * The errors for unsupported operations: they name the operation and have a status that clients do not retry. 405 as in S3
 * for a method that is not allowed; 403 for listings and HeadObject, as in S3 for clients without `s3:ListBucket`. Never 5xx:
 * Rust's object_store retries such a request ten times.
 */
import { Failure } from '../domain/failure.ts';
import { OPERATIONS } from '../domain/operation.ts';

type Parameters = ReadonlyMap<string, string>;

/** By the query parameter of the subresource (Amazon S3 API Reference, "Actions"). The first match applies. */
const OF_OBJECT: readonly (readonly [parameter: string, what: string])[] = [
  ['acl', 'ACLs are refused'],
  ['tagging', 'Tagging of existing objects is refused'],
  ['annotation', 'Annotations of existing objects are refused'],
  ['legal-hold', 'Object Lock settings of existing objects are refused'],
  ['retention', 'Object Lock settings of existing objects are refused'],
  ['encryption', 'Encryption settings of existing objects are refused'],
  ['renameObject', 'Renames are refused'],
  ['append', 'Appends are refused'],
  ['restore', 'Restores are refused'],
  ['attributes', 'Reads are refused'],
  ['select', 'Reads are refused'],
  ['torrent', 'Downloads are refused'],
];

/** The same for a bucket. `location` and `uploads` are supported, but not together with other parameters. */
const OF_BUCKET: readonly (readonly [parameter: string, what: string])[] = [
  ['delete', 'Deletes are refused'],
  ['acl', 'ACLs are refused'],
  ['policy', 'Bucket policies are refused'],
  ['policyStatus', 'Bucket policies are refused'],
  ['tagging', 'Tagging of buckets is refused'],
];

/** Query parameters of the three listings of objects. */
const LISTS = ['list-type', 'versions', 'prefix', 'delimiter', 'marker', 'max-keys', 'start-after', 'key-marker'];

const USUAL = 'this gateway accepts only uploads';

/** @param allow the methods that the object supports (RFC 9110, section 10.2.1). */
export function refusalOfObjectRequest(method: string, parameters: Parameters, allow: string): Failure {
  const what = named(OF_OBJECT, parameters) ?? ofMethod(method, parameters);
  return notAllowed(what === undefined ? undefined : `${what}: ${USUAL}.`, allow);
}

/** The same for a bucket. */
export function refusalOfBucketRequest(method: string, parameters: Parameters, allow: string): Failure {
  const what = named(OF_BUCKET, parameters);
  if (what !== undefined) return notAllowed(`${what}: ${USUAL}.`, allow);
  if (method === 'GET' && isListing(parameters)) return new Failure('listing_refused');
  if (method === 'DELETE' && parameters.size === 0)
    return notAllowed(`Deletes of buckets are refused: ${USUAL}.`, allow);
  if (parameters.size > 0) return notAllowed(`Requests for settings of a bucket are refused: ${USUAL}.`, allow);
  if (method === 'POST') return notAllowed(NO_FORM, allow);
  return notAllowed(undefined, allow);
}

const NO_FORM = 'The path has no key, and the body is not a multipart/form-data form. Add the key to the path.';

function named(words: typeof OF_OBJECT, parameters: Parameters): string | undefined {
  return words.find(([parameter]) => parameters.has(parameter))?.[1];
}

/** For an object, or one of its versions. */
function ofMethod(method: string, parameters: Parameters): string | undefined {
  if (method === 'GET' && !parameters.has('uploadId')) return 'Downloads are refused';
  if (method === 'DELETE' && !parameters.has('uploadId')) return 'Deletes are refused';
  if (method === 'HEAD') return 'HEAD with these query parameters is refused';
  return parameters.size > 0 && method in SUPPORTED_METHODS
    ? 'The operation in the query parameters is refused'
    : undefined;
}

const SUPPORTED_METHODS = Object.fromEntries(Object.values(OPERATIONS).map(({ method }) => [method, true]));

function isListing(parameters: Parameters): boolean {
  if (parameters.has('location') || parameters.has('uploads')) return false;
  return parameters.size === 0 || LISTS.some((name) => parameters.has(name));
}

function notAllowed(message: string | undefined, allow: string): Failure {
  return new Failure('method_not_allowed', message, { headers: { allow } });
}
