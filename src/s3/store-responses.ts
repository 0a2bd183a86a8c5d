/**
 * The responses of a store that a client gets. An error passes if it is about the request, and only with its code. The status and
 * the message are ours: the store's own name buckets, hosts, accounts and keys of the operator. All other errors are translated.
 * The reasons: docs/decisions/store-responses.md.
 */

import type { FailureType } from '../domain/failures.ts';

export interface PassedError {
  /** Status of the response to the client, whatever the store's was. */
  readonly status: number;
  readonly message: string;
  /** Code for the client, where the store's own is not a code of S3. */
  readonly code?: string;
  /** `refused_by_store` by default. */
  readonly type?: FailureType;
}

/** Used where only the store has verified the client's promise: see `OTHER_BYTES`. */
const BYTES = { status: 400, type: 'checksum_mismatch' } as const;
const FAILED = { type: 'store_error' } as const;
const CONDITION = { type: 'condition_failed' } as const;
const BUSY = { ...FAILED, status: 503, code: 'SlowDown', message: 'The store is busy; try again later.' } as const;
const KEY_TAKEN = {
  status: 409,
  code: 'InvalidRequest',
  message: 'The store cannot hold this key next to the existing keys: one is a folder of the other.',
} as const;

/** By the S3 error code of the store (Amazon S3 API Reference, "List of error codes"). */
export const PASSED_ERRORS: Readonly<Record<string, PassedError>> = {
  BadDigest: { ...BYTES, message: 'The checksum in the request does not match the bytes that the store received.' },
  ConditionalRequestConflict: {
    ...CONDITION,
    status: 409,
    message: 'Another request changed the object at the same time; try again.',
  },
  EntityTooLarge: { type: 'too_large', status: 400, message: 'The object or part is larger than the store accepts.' },
  EntityTooSmall: { status: 400, message: 'A part other than the last is smaller than the store accepts.' },
  InternalError: { ...FAILED, status: 500, message: 'The store failed; try again.' },
  InvalidArgument: { status: 400, message: 'The store does not accept a header or a parameter of this request.' },
  InvalidDigest: { ...BYTES, message: 'A checksum in the request is not well formed.' },
  InvalidEncryptionAlgorithmError: { status: 400, message: 'The store does not offer this kind of encryption.' },
  InvalidRange: { status: 416, message: 'The object does not have the range of bytes that the request names.' },
  InvalidPart: { status: 400, message: 'A part was not uploaded, or its ETag or checksum is another one.' },
  InvalidPartNumber: { status: 400, message: 'The part number is not valid.' },
  InvalidPartOrder: { status: 400, message: 'The parts are not listed in the order of their numbers.' },
  InvalidRequest: { status: 400, message: 'The store does not accept this combination of headers and parameters.' },
  InvalidStorageClass: { status: 400, message: 'The store does not have this storage class.' },
  InvalidTag: { status: 400, message: 'A tag is not valid.' },
  KeyTooLongError: { type: 'key_too_long', status: 400, message: 'The key is longer than the store accepts.' },
  MalformedXML: { type: 'malformed_xml', status: 400, message: 'The store does not accept the XML of this request.' },
  MetadataTooLarge: {
    type: 'metadata_too_large',
    status: 400,
    message: 'The metadata is larger than the store accepts.',
  },
  NoSuchKey: { type: 'no_such_key', status: 404, message: 'There is no object with this key.' },
  NoSuchUpload: {
    type: 'no_such_upload',
    status: 404,
    message: 'The upload does not exist: it was completed or aborted, or its id is not valid.',
  },
  // S3 has 501 for it, which Rust's object_store sends ten times more.
  NotImplemented: { status: 400, message: 'The store does not support a header or a parameter of this request.' },
  OperationAborted: { ...CONDITION, status: 409, message: 'Another request is working on the same object; try again.' },
  PreconditionFailed: { ...CONDITION, status: 412, message: 'A condition of the request does not hold.' },
  RequestTimeout: {
    type: 'client_stalled',
    status: 400,
    message: 'The store did not receive the body in time; try again.',
  },
  ServiceUnavailable: { ...FAILED, status: 503, message: 'The store is unavailable; try again later.' },
  SlowDown: BUSY,
  XAmzContentSHA256Mismatch: {
    ...BYTES,
    message: 'x-amz-content-sha256 does not match the bytes that the store received.',
  },
  // What other stores than AWS call the same.
  XAmzContentChecksumMismatch: {
    ...BYTES,
    code: 'BadDigest',
    message: 'The checksum in the request does not match the bytes that the store received.',
  },
  DirectoryObjectContainsData: {
    status: 400,
    code: 'InvalidRequest',
    message: 'The store does not accept bytes under a key that ends with "/".',
  },
  ExistingObjectIsDirectory: KEY_TAKEN,
  ObjectParentIsFile: KEY_TAKEN,
  RequestLimitExceeded: BUSY,
  Throttling: BUSY,
  ThrottlingException: BUSY,
  TooManyRequests: BUSY,
  XMinioInvalidObjectName: { status: 400, code: 'InvalidArgument', message: 'The store does not accept this key.' },
  XMinioInvalidResourceName: { status: 400, code: 'InvalidArgument', message: 'The store does not accept this key.' },
  XMinioObjectExistsAsDirectory: KEY_TAKEN,
  XMinioParentIsObject: KEY_TAKEN,
};

/** Codes by which a store reports other bytes than the gateway sent. The gateway has usually verified length and checksums itself. */
export const OTHER_BYTES: ReadonlySet<string> = new Set([
  'BadDigest',
  'IncompleteBody',
  'XAmzContentChecksumMismatch',
  'XAmzContentSHA256Mismatch',
]);

/** Codes by which a store refuses the gateway, not its client: credentials, rights, address or settings that only the operator can change. */
export const REFUSES_GATEWAY: ReadonlySet<string> = new Set([
  'AccessDenied',
  'AccountProblem',
  'AllAccessDisabled',
  'AuthorizationHeaderMalformed',
  'AuthorizationQueryParametersError',
  'ExpiredToken',
  'IllegalLocationConstraintException',
  'InvalidAccessKeyId',
  'InvalidBucketName',
  'InvalidPayer',
  'InvalidSecurity',
  'InvalidToken',
  'MethodNotAllowed',
  'NoSuchBucket',
  'NotSignedUp',
  'PermanentRedirect',
  'RequestExpired',
  'RequestTimeTooSkewed',
  'SignatureDoesNotMatch',
  'TemporaryRedirect',
  'TokenRefreshRequired',
  'UserSuspended',
]);

/** Statuses with the same meaning, without a code. */
export const REFUSES_GATEWAY_BY_STATUS: ReadonlySet<number> = new Set([401, 403, 405, 407]);

/** Statuses with the same meaning, also with an unknown code. A 403 may also be a quota of the store. */
export const REFUSES_CREDENTIALS: ReadonlySet<number> = new Set([401, 407]);

/** The code that a status stands for where the store gave none: it, or a proxy before it, is busy or has failed. */
export const CODES_BY_STATUS: Readonly<Record<number, string>> = {
  412: 'PreconditionFailed',
  429: 'SlowDown',
  500: 'InternalError',
  503: 'ServiceUnavailable',
};

/** Codes of responses to HEAD, which have no body. Without a document, any other 404 is not from S3. */
export const CODES_OF_HEAD: Readonly<Record<number, string>> = {
  ...CODES_BY_STATUS,
  400: 'InvalidRequest', // such as a missing or wrong key of the client's own encryption
  404: 'NoSuchKey',
  416: 'InvalidRange',
};

/**
 * The error for the client where the store refuses HEAD of an object. S3 does so for
 * missing objects if the keys lack s3:ListBucket. So the cause may be the object or the gateway; and SDKs would repeat a 502.
 */
export const HEAD_FORBIDDEN: PassedError = {
  status: 403,
  code: 'AccessDenied',
  message:
    'The store does not tell whether the object exists: either it is missing, or the gateway may not read it (s3:GetObject, s3:ListBucket).',
};

/** Statuses of success. Another 2xx, such as 202, does not confirm it. */
export const SUCCESSES: ReadonlySet<number> = new Set([200, 204]);

/** Statuses of success for HEAD: also a part or a range, and an unchanged object (RFC 9110, sections 15.3.7, 15.4.5). */
export const SUCCESSES_OF_HEAD: ReadonlySet<number> = new Set([200, 206, 304]);

/** Elements of the store's documents that pass, by the root; those in `ours` get the names that the client knows. */
export const PASSED_ELEMENTS = {
  InitiateMultipartUploadResult: { ours: ['Bucket', 'Key', 'UploadId'], passed: [], ofPart: [] },
  CompleteMultipartUploadResult: { ours: ['Location', 'Bucket', 'Key'], passed: ['ETag', 'ChecksumType'], ofPart: [] },
  // Not Owner and Initiator, which are accounts of the operator.
  ListPartsResult: {
    ours: ['Bucket', 'Key', 'UploadId'],
    passed: [
      'PartNumberMarker',
      'NextPartNumberMarker',
      'MaxParts',
      'IsTruncated',
      'StorageClass',
      'ChecksumAlgorithm',
      'ChecksumType',
    ],
    ofPart: ['PartNumber', 'LastModified', 'ETag', 'Size'],
  },
} as const satisfies Record<string, PassedDocument>;

interface PassedDocument {
  readonly ours: readonly string[];
  readonly passed: readonly string[];
  /** Of each Part. */
  readonly ofPart: readonly string[];
}

export type PassedRoot = keyof typeof PASSED_ELEMENTS;

/** Elements with a checksum of the client's bytes, of which new kinds come. */
export const CHECKSUM_ELEMENT: RegExp = /^Checksum[A-Z0-9]{3,10}$/;
