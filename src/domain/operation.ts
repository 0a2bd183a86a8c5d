/**
 * The S3 operations that the gateway offers, as a table: what a request for one looks like, and what its spans are called.
 * Nothing below enumerates operations; what is not a row here is refused.
 */

export interface OperationShape {
  /** HTTP method of the request. */
  readonly method: 'PUT' | 'POST' | 'DELETE' | 'GET' | 'HEAD';
  /** Query parameters that must be there, and so tell the operation from its siblings. */
  readonly requires: readonly string[];
  /** Further query parameters that may be there. */
  readonly allows: readonly string[];
  /** Name of the CLIENT span of one attempt at the store. */
  readonly span: string;
  /** Value of the `upload.method` attribute. */
  readonly uploadMethod: 'single' | 'multipart';
  /** Whether the request carries object bytes (and not XML, or nothing). */
  readonly carriesObject: boolean;
  /** Whether a second request has the same effect and the same answer, even if the first one was carried out. */
  readonly repeatable: boolean;
}

export const OPERATIONS = {
  PutObject: {
    method: 'PUT',
    requires: [],
    allows: [],
    span: 'aws.s3.put_object',
    uploadMethod: 'single',
    carriesObject: true,
    repeatable: true,
  },
  PostObject: {
    method: 'POST',
    requires: [],
    allows: [],
    span: 'aws.s3.put_object',
    uploadMethod: 'single',
    carriesObject: true,
    repeatable: true,
  },
  CreateMultipartUpload: {
    method: 'POST',
    requires: ['uploads'],
    allows: [],
    span: 'aws.s3.create_multipart_upload',
    uploadMethod: 'multipart',
    carriesObject: false,
    repeatable: false,
  },
  UploadPart: {
    method: 'PUT',
    requires: ['partNumber', 'uploadId'],
    allows: [],
    span: 'aws.s3.upload_part',
    uploadMethod: 'multipart',
    carriesObject: true,
    repeatable: true,
  },
  CompleteMultipartUpload: {
    method: 'POST',
    requires: ['uploadId'],
    allows: [],
    span: 'aws.s3.complete_multipart_upload',
    uploadMethod: 'multipart',
    carriesObject: false,
    repeatable: false,
  },
  AbortMultipartUpload: {
    method: 'DELETE',
    requires: ['uploadId'],
    allows: [],
    span: 'aws.s3.abort_multipart_upload',
    uploadMethod: 'multipart',
    carriesObject: false,
    repeatable: false,
  },
  ListParts: {
    method: 'GET',
    requires: ['uploadId'],
    allows: ['max-parts', 'part-number-marker', 'encoding-type'],
    span: 'aws.s3.list_parts',
    uploadMethod: 'multipart',
    carriesObject: false,
    repeatable: true,
  },
  /**
   * Asked by the gateway itself, where it must know whether an object has come to be; by clients where the bucket allows it.
   * Not with versionId: policies are asked about a key, and another version is another object.
   */
  HeadObject: {
    method: 'HEAD',
    requires: [],
    allows: ['partNumber'],
    span: 'aws.s3.head_object',
    uploadMethod: 'single',
    carriesObject: false,
    repeatable: true,
  },
} as const satisfies Record<string, OperationShape>;

export type OperationName = keyof typeof OPERATIONS;

export interface QuestionShape {
  readonly method: string;
  readonly requires: readonly string[];
  readonly allows: readonly string[];
  /** Whether it lists objects; offered only where the bucket has `listings: empty`. */
  readonly lists?: true;
}

/**
 * What stock clients ask about a bucket before they upload (rclone, s3cmd, minio-js). The gateway answers from its
 * configuration, to whoever may knock at the bucket; the store never hears of it.
 */
export const BUCKET_QUESTIONS = {
  HeadBucket: { method: 'HEAD', requires: [], allows: [] },
  GetBucketLocation: { method: 'GET', requires: ['location'], allows: [] },
  CreateBucket: { method: 'PUT', requires: [], allows: [] },
  /** minio-js looks for an upload to go on with. There never is one. */
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
} as const satisfies Record<string, QuestionShape>;

export type BucketQuestion = keyof typeof BUCKET_QUESTIONS;

/** What browsers ask before a request across origins (Fetch standard, "CORS-preflight request"): answered to everybody. */
export const PREFLIGHT = 'Preflight';
