/**
 * The S3 operations of the gateway, as a table: the request of each, its headers for the store, its spans and its metrics. Nothing
 * else enumerates operations; a request that fits no row is refused.
 */

/** Groups of request headers that go to the store; request-headers.ts lists the names of each. */
export type HeaderGroup =
  | 'content_type'
  | 'object'
  | 'customer_key'
  | 'conditions'
  | 'account'
  | 'checksum'
  | 'body_algorithm'
  | 'parts_algorithm'
  | 'checksum_type'
  | 'object_size'
  | 'read';

export interface OperationShape {
  /** HTTP method of the request; `Allow` lists those of all rows. */
  readonly method: 'PUT' | 'POST' | 'DELETE' | 'GET' | 'HEAD';
  /** Query parameters that the operation requires, and by which the router recognizes it. */
  readonly requires: readonly string[];
  /** Further query parameters that it allows. */
  readonly allows: readonly string[];
  /** Name of the CLIENT span of one attempt at the store. */
  readonly span: string;
  /** Value of the `upload.method` attribute. */
  readonly uploadMethod: 'single' | 'multipart';
  /** Whether the body is an object or a part (and not XML, or empty). */
  readonly carriesObject: boolean;
  /** Whether a second request has the same effect and the same response, even if the first one was executed. */
  readonly repeatable: boolean;
  /** Request headers that go to the store. */
  readonly headers: readonly HeaderGroup[];
  /** The operation that the store and policy engines see instead: that of a POST form, which no method and query select. */
  readonly actsAs?: string;
  /** The setting of the bucket without which the operation is refused. */
  readonly offeredWith?: 'head';
  /** The `event` that `mizuchi_multipart_uploads` counts when it succeeds. */
  readonly countedAs?: 'started' | 'completed' | 'aborted';
}

const ROWS = {
  PutObject: {
    method: 'PUT',
    requires: [],
    allows: [],
    span: 'aws.s3.put_object',
    uploadMethod: 'single',
    carriesObject: true,
    repeatable: true,
    headers: ['content_type', 'object', 'customer_key', 'conditions', 'account', 'checksum', 'body_algorithm'],
  },
  PostObject: {
    method: 'POST',
    requires: [],
    allows: [],
    span: 'aws.s3.put_object',
    uploadMethod: 'single',
    carriesObject: true,
    repeatable: true,
    headers: ['content_type', 'object', 'customer_key', 'account', 'checksum', 'body_algorithm'],
    actsAs: 'PutObject',
  },
  CreateMultipartUpload: {
    method: 'POST',
    requires: ['uploads'],
    allows: [],
    span: 'aws.s3.create_multipart_upload',
    uploadMethod: 'multipart',
    carriesObject: false,
    repeatable: false,
    headers: ['content_type', 'object', 'customer_key', 'account', 'parts_algorithm', 'checksum_type'],
    countedAs: 'started',
  },
  UploadPart: {
    method: 'PUT',
    requires: ['partNumber', 'uploadId'],
    allows: [],
    span: 'aws.s3.upload_part',
    uploadMethod: 'multipart',
    carriesObject: true,
    repeatable: true,
    headers: ['customer_key', 'account', 'checksum', 'body_algorithm'],
  },
  CompleteMultipartUpload: {
    method: 'POST',
    requires: ['uploadId'],
    allows: [],
    span: 'aws.s3.complete_multipart_upload',
    uploadMethod: 'multipart',
    carriesObject: false,
    repeatable: false,
    headers: ['content_type', 'customer_key', 'conditions', 'account', 'checksum', 'checksum_type', 'object_size'],
    countedAs: 'completed',
  },
  AbortMultipartUpload: {
    method: 'DELETE',
    requires: ['uploadId'],
    allows: [],
    span: 'aws.s3.abort_multipart_upload',
    uploadMethod: 'multipart',
    carriesObject: false,
    repeatable: false,
    headers: ['account'],
    countedAs: 'aborted',
  },
  ListParts: {
    method: 'GET',
    requires: ['uploadId'],
    allows: ['max-parts', 'part-number-marker', 'encoding-type'],
    span: 'aws.s3.list_parts',
    uploadMethod: 'multipart',
    carriesObject: false,
    repeatable: true,
    headers: ['customer_key', 'account'],
  },
  /**
   * The gateway itself sends it, to find out whether an object exists; clients may send it if the bucket allows it.
   * Without versionId: a policy decides about a key, and another version is another object.
   */
  HeadObject: {
    method: 'HEAD',
    requires: [],
    allows: ['partNumber'],
    span: 'aws.s3.head_object',
    uploadMethod: 'single',
    carriesObject: false,
    repeatable: true,
    headers: ['customer_key', 'conditions', 'account', 'read'],
    offeredWith: 'head',
  },
} as const satisfies Record<string, OperationShape>;

export type OperationName = keyof typeof ROWS;

export const OPERATIONS: Readonly<Record<OperationName, OperationShape>> = ROWS;

/** All rows, in their order. */
export const OPERATION_ROWS = Object.entries(OPERATIONS) as readonly (readonly [OperationName, OperationShape])[];

/** The methods of an object, for `Allow` (RFC 9110, section 10.2.1). @param offers the settings with which operations are offered. */
export function objectMethods(offers: { readonly head: boolean }): readonly string[] {
  const rows = OPERATION_ROWS.filter(([, { actsAs, offeredWith }]) => {
    return actsAs === undefined && (offeredWith === undefined || offers[offeredWith]);
  });
  return [...new Set(rows.map(([, { method }]) => method))];
}

export interface BucketRequestShape {
  readonly method: string;
  readonly requires: readonly string[];
  readonly allows: readonly string[];
  /** Whether it lists objects; offered only where the bucket has `listings: empty`. */
  readonly lists?: true;
}

/**
 * Requests about a bucket that stock clients send before they upload (rclone, s3cmd, minio-js). The gateway responds from its
 * configuration, to every client that the bucket authenticates, and does not call the store.
 */
export const BUCKET_REQUESTS = {
  HeadBucket: { method: 'HEAD', requires: [], allows: [] },
  GetBucketLocation: { method: 'GET', requires: ['location'], allows: [] },
  CreateBucket: { method: 'PUT', requires: [], allows: [] },
  /** minio-js looks for an upload to resume. The response lists none. */
  ListMultipartUploads: {
    method: 'GET',
    requires: ['uploads'],
    allows: ['delimiter', 'encoding-type', 'key-marker', 'max-uploads', 'prefix', 'upload-id-marker'],
  },
  ListObjectsV2: {
    method: 'GET',
    requires: ['list-type'],
    allows: [
      'continuation-token',
      'delimiter',
      'encoding-type',
      'fetch-owner',
      'max-keys',
      'metadata', // minio-go, which mc is made of
      'prefix',
      'start-after',
    ],
    lists: true,
  },
  ListObjectVersions: {
    method: 'GET',
    requires: ['versions'],
    allows: ['delimiter', 'encoding-type', 'key-marker', 'max-keys', 'metadata', 'prefix', 'version-id-marker'],
    lists: true,
  },
  ListObjects: {
    method: 'GET',
    requires: [],
    allows: ['delimiter', 'encoding-type', 'marker', 'max-keys', 'metadata', 'prefix'],
    lists: true,
  },
} as const satisfies Record<string, BucketRequestShape>;

export type BucketRequest = keyof typeof BUCKET_REQUESTS;

/** The request of browsers before a cross-origin request (Fetch standard, "CORS-preflight request"); it needs no authentication. */
export const PREFLIGHT = 'Preflight';
