/**
 * Which headers pass through the gateway, in both directions. Everything else stops here: a header can be a capability
 * (`x-amz-acl`, `x-amz-copy-source`, MinIO's `x-amz-meta-snowball-auto-extract`), so only known ones go on. An unknown
 * header with a meaning for S3 is refused rather than dropped, because the client relies on it. The rows are in
 * src/domain/request-headers.ts.
 */

import { checksumRowOf } from '../domain/checksums.ts';
import { Failure } from '../domain/failure.ts';
import { namesPassedWith, requestHeader } from '../domain/find-request-header.ts';
import { FIXED_LIMITS } from '../domain/fixed-limits.ts';
import { OPERATIONS, type OperationName } from '../domain/operation.ts';
import { ACCOUNT_HEADERS, CONDITION_HEADERS, CUSTOMER_KEY_HEADERS } from '../domain/request-headers.ts';
import { applyFixed, dropChecksums, type HeaderRules, notForClients } from './header-rules.ts';

const OPERATION_NAMES = Object.keys(OPERATIONS) as OperationName[];
const BY_OPERATION = Object.fromEntries(
  OPERATION_NAMES.map((operation) => [operation, namesPassedWith(operation)]),
) as Readonly<Record<OperationName, ReadonlySet<string>>>;

const METADATA = 'x-amz-meta-';
const VENDOR = /^x-(amz|minio|oss|goog|emc|rgw|ceph|seaweedfs)-/;

/**
 * The headers of a client's request that go to the store.
 * @param rules of the bucket.
 * @throws Failure access_denied for a header that S3 would act on and this gateway does not support; metadata_too_large;
 * bad_request for one that Connection declares hop-by-hop.
 */
export function headersForStore(
  operation: OperationName,
  headers: Readonly<Record<string, string>>,
  rules?: HeaderRules,
): Record<string, string> {
  const allowed = BY_OPERATION[operation];
  const createsObject = allowed.has('x-amz-storage-class');
  const passed: Record<string, string> = {};
  for (const name in headers) {
    const value = headers[name] as string;
    if (rules?.refused.has(name)) throw notForClients(name);
    if (allowed.has(name) || (createsObject && rules?.allowed.has(name))) passed[name] = value;
    else if (passesByPrefix(operation, name)) passed[name] = value;
    else if (VENDOR.test(name)) refuseUnlessHarmless(name, value);
  }
  refuseConnectionOptions(headers.connection, passed);
  if (rules !== undefined && createsObject) applyFixed(passed, rules);
  if (rules?.dropsChecksums) dropChecksums(passed, operation === 'CompleteMultipartUpload');
  refuseLargeMetadata(passed);
  return withoutAwsChunked(passed);
}

/** What every request about an object must carry: the client's own encryption key, and the accounts that the store judges. */
export function headersOfEveryRequest(headers: Readonly<Record<string, string>>): Record<string, string> {
  return picked([...CUSTOMER_KEY_HEADERS, ...ACCOUNT_HEADERS], headers);
}

/** The same of a request to abort, which does not know encryption keys. */
export function accountHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  return picked(ACCOUNT_HEADERS, headers);
}

/** On which condition the object may be written. */
export function conditionHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  return picked(CONDITION_HEADERS, headers);
}

function picked(names: readonly string[], headers: Readonly<Record<string, string>>): Record<string, string> {
  const passed: Record<string, string> = {};
  for (const name of names) if (headers[name] !== undefined) passed[name] = headers[name];
  return passed;
}

/**
 * What Connection names goes no further than here (RFC 9110, section 7.6.1). But a request without its If-None-Match or its
 * encryption key is another request, so it is refused rather than shortened.
 */
function refuseConnectionOptions(options: string | undefined, passed: Readonly<Record<string, string>>): void {
  for (const option of options?.split(',') ?? []) {
    const name = option.trim().toLowerCase();
    if (Object.hasOwn(passed, name))
      throw new Failure('bad_request', `Connection names the header ${name.slice(0, 80)}, which the store is to see.`);
  }
}

/** The size is the "sum of the number of bytes in the UTF-8 encoding of each key and value"; a header has one character a byte. */
function refuseLargeMetadata(passed: Readonly<Record<string, string>>): void {
  const most = FIXED_LIMITS.user_metadata_bytes;
  let size = 0;
  for (const name in passed)
    if (name.startsWith(METADATA)) size += name.length - METADATA.length + (passed[name] as string).length;
  if (size <= most) return;
  const details = { Size: String(size), MaxSizeAllowed: String(most) };
  throw new Failure('metadata_too_large', undefined, { details });
}

function passesByPrefix(operation: OperationName, name: string): boolean {
  const { headers } = OPERATIONS[operation];
  if (checksumRowOf(name) !== undefined) return headers.includes('checksum');
  if (!name.startsWith(METADATA) || name.startsWith('x-amz-meta-snowball-')) return false;
  return headers.includes('object');
}

/** Some clients send the default explicitly, such as `x-amz-acl: private`, and object headers with each part. */
function refuseUnlessHarmless(name: string, value: string): void {
  if (name === 'x-amz-acl') {
    if (value === 'private') return;
    throw new Failure('access_denied', 'This gateway refuses every ACL other than private.');
  }
  const row = requestHeader(name);
  if (row !== undefined && row.fate !== 'refused') return;
  throw refusedHeader(name, row?.why);
}

/** AccessDenied, as S3 responds to a client that may not do what a header requests; not 501, which some clients retry. */
function refusedHeader(name: string, why: string | undefined): Failure {
  const reason = why === undefined ? '' : `: ${why}`;
  const message = name.startsWith('x-amz-copy-source')
    ? 'Copies are refused: this gateway accepts only uploads.'
    : name.startsWith('x-amz-grant-')
      ? 'ACLs are refused: this gateway accepts only uploads, and their objects stay private.'
      : `This gateway does not offer what the header ${name.slice(0, 80)} requests${reason}.`;
  return new Failure('access_denied', message, { reason: 'header_refused' });
}

/**
 * `aws-chunked` is a coding of the transfer and ends here; the other codings belong to the object. Empty list elements mean
 * nothing (RFC 9110, section 5.6.1).
 */
function withoutAwsChunked(headers: Record<string, string>): Record<string, string> {
  const encoding = headers['content-encoding'];
  if (encoding === undefined) return headers;
  const rest = encoding.split(',').filter((coding) => !['', 'aws-chunked'].includes(coding.trim().toLowerCase()));
  if (rest.length > 0) headers['content-encoding'] = rest.join(',').trim();
  else delete headers['content-encoding'];
  return headers;
}

/**
 * The headers of an object or an upload, by the form that a value must have. Dropped are: `x-amz-id-2`, which names a host of the
 * store; `x-amz-server-side-encryption-aws-kms-key-id`, an account and a key of the operator. Policies of the operator use
 * `x-amz-server-side-encryption-context`. `x-amz-abort-rule-id` and `x-amz-expiration` name rules of the store's bucket. The operator has the ids of the store's response in the trace.
 */
const FROM_STORE: ReadonlyMap<string, RegExp> = new Map([
  ['etag', /^[\x20-\x7e]{1,256}$/],
  ['x-amz-abort-date', /^[\w ,:+-]{1,64}$/], // when the parts of an unfinished upload go
  ['x-amz-object-size', /^\d{1,20}$/],
  ['x-amz-request-charged', /^requester$/],
  ['x-amz-server-side-encryption', /^[\w:.-]{1,64}$/], // the kind: clients verify the requested content
  ['x-amz-server-side-encryption-bucket-key-enabled', /^(true|false)$/],
  ['x-amz-server-side-encryption-customer-algorithm', /^[\w:.-]{1,64}$/], // the client's own
  ['x-amz-server-side-encryption-customer-key-md5', /^[\w+/=]{1,64}$/], // the client's own
  ['x-amz-storage-class', /^[\w.-]{1,64}$/],
  ['x-amz-version-id', /^[\x21-\x7e]{1,1024}$/], // names the version that the client has written
]);

/** With every response: an id by which the store's operator finds the request and which opens nothing, and when to come back. */
const FROM_STORE_ALWAYS: ReadonlyMap<string, RegExp> = new Map([
  ['x-amz-request-id', /^[\w.:=-]{1,128}$/],
  ['retry-after', /^\d{1,9}$/],
]);

/** `x-amz-checksum-crc32`, `x-amz-checksum-type` and so on: of the client's bytes. */
const CHECKSUM_PREFIX = 'x-amz-checksum-';
const CHECKSUM_FORM = /^[\w+/=-]{1,128}$/;

/** Further headers of HeadObject. */
const OF_OBJECT = new Set([
  'accept-ranges',
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-length',
  'content-range',
  'content-type',
  'expires',
  'last-modified',
  'x-amz-mp-parts-count',
]);

/** The headers of an object, for who may see them. */
export function objectHeadersForClient(headers: Readonly<Record<string, string>>): Record<string, string> {
  const passed = headersForClient(headers);
  for (const name in headers) {
    if (OF_OBJECT.has(name) || name.startsWith(METADATA)) passed[name] = headers[name] as string;
  }
  return passed;
}

/** The headers of the store's response that go to the client, exactly as they are. */
export function headersForClient(headers: Readonly<Record<string, string>>): Record<string, string> {
  const passed = errorHeadersForClient(headers);
  for (const name in headers) {
    const form = name.startsWith(CHECKSUM_PREFIX) ? CHECKSUM_FORM : FROM_STORE.get(name);
    const value = headers[name] as string;
    if (form?.test(value)) passed[name] = value;
  }
  return passed;
}

/** The same for an error response. */
export function errorHeadersForClient(headers: Readonly<Record<string, string>>): Record<string, string> {
  const passed: Record<string, string> = {};
  for (const [name, form] of FROM_STORE_ALWAYS) {
    const value = headers[name];
    if (value !== undefined && form.test(value)) passed[name] = value;
  }
  return passed;
}
