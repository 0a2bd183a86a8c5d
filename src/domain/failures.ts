/**
 * The failures with which a request can end, as one closed table. The key is the value of `error.type` on spans and of the
 * `error_type` label and log field. The row decides the rest: the response, the connection, and which side has to act.
 * src/s3/store-responses.ts maps the codes of the store: an error of the client, of the gateway's configuration, or of the store.
 */

import { type FailureShape, RETRY_AFTER } from './failure-shape.ts';
import { STORE_FAILURES } from './store-failures.ts';

const OVERLOAD_LIMITS = [
  'upload.concurrent_uploads',
  'upload.memory_limit',
  'upload.memory_wait_seconds',
  'upload.fair_rate',
  's3.max_connections',
  'authz.*.max_concurrent',
  'fixed.caller_reserve',
  'fixed.form_share',
  'fixed.form_grace_seconds',
  'fixed.engine_line',
  'fixed.engine_line_seconds',
  'fixed.store_line',
  'fixed.store_line_seconds',
  'fixed.keys_waiting',
] as const;

const ROWS = {
  // the operation
  method_not_allowed: {
    code: 'MethodNotAllowed',
    status: 405,
    side: 'client',
    message: 'Method not allowed: this gateway accepts only uploads.',
  },
  head_refused: {
    code: 'AccessDenied',
    status: 403,
    side: 'client',
    message: 'HEAD of an object is refused: this bucket does not tell whether an object exists (setting: head).',
  },
  listing_refused: {
    code: 'AccessDenied',
    status: 403,
    side: 'client',
    message: 'Listings are refused: this gateway accepts only uploads (setting: listings).',
  },
  object_not_visible: {
    code: 'NoSuchKey',
    status: 404,
    side: 'client',
    message: 'This bucket responds as if no object existed (head: pretend_missing).',
  },
  not_implemented: {
    code: 'InvalidRequest',
    status: 400,
    side: 'client',
    message: 'The body was sent in a form that this gateway does not support.',
  },
  no_such_bucket: {
    code: 'NoSuchBucket',
    status: 404,
    side: 'client',
    message: 'The bucket does not exist: the path does not begin with the path of a bucket of this gateway.',
  },
  cors_refused: {
    code: 'AccessForbidden',
    status: 403,
    side: 'client',
    message: 'The CORS request is refused: this bucket does not allow it from this origin.',
  },
  bucket_exists: {
    code: 'BucketAlreadyOwnedByYou',
    status: 409,
    side: 'client',
    message: 'The bucket exists already.',
  },
  // authentication and authorization
  unauthenticated: {
    code: 'AccessDenied',
    status: 403,
    side: 'client',
    message: 'Authentication required: the request carries no credentials that this bucket accepts.',
  },
  ambiguous_credentials: {
    code: 'InvalidArgument',
    status: 400,
    side: 'client',
    message: 'The request carries two kinds of credentials. Send only one.',
  },
  signature_refused: {
    code: 'SignatureDoesNotMatch',
    status: 403,
    side: 'client',
    message: 'The signature does not match the request. Check the secret key and the signing method.',
  },
  token_refused: {
    code: 'InvalidToken',
    status: 401,
    side: 'client',
    message: 'The token is not accepted by this bucket.',
    limits: ['fixed.token_characters'],
  },
  keys_unavailable: {
    code: 'ServiceUnavailable',
    status: 503,
    side: 'gateway',
    message: 'Tokens cannot be verified at the moment: the keys of the identity provider are unavailable. Retry later.',
    retryAfter: RETRY_AFTER,
    limits: ['fixed.key_set_bytes', 'fixed.key_set_keys'],
  },
  form_refused: {
    code: 'MalformedPOSTRequest',
    status: 400,
    side: 'client',
    message: 'The body is not a well-formed POST form.',
    limits: ['fixed.form_fields_bytes', 'fixed.form_fields', 'fixed.file_name_bytes', 'fixed.form_part_headers'],
  },
  policy_violated: {
    code: 'AccessDenied',
    status: 403,
    side: 'client',
    message: 'The form does not meet the conditions of its policy.',
  },
  access_denied: {
    code: 'AccessDenied',
    status: 403,
    side: 'client',
    message: 'Access denied.',
    limits: ['fixed.authorization_query_bytes'],
  },
  policy_unavailable: {
    code: 'ServiceUnavailable',
    status: 503,
    side: 'gateway',
    message: 'Authorization is temporarily unavailable: the policy engine did not return a decision. Retry later.',
    retryAfter: RETRY_AFTER,
    limits: ['fixed.engine_response_bytes'],
  },
  no_such_upload: {
    code: 'NoSuchUpload',
    status: 404,
    side: 'client',
    message: 'The upload does not exist: its id is not valid, or it was completed or aborted.',
  },
  // the syntax of the request
  bad_request: {
    code: 'InvalidRequest',
    status: 400,
    side: 'client',
    message: 'The request is malformed.',
    closesConnection: true,
  },
  invalid_uri: {
    code: 'InvalidURI',
    status: 400,
    side: 'client',
    message: 'The request target is malformed.',
    closesConnection: true,
  },
  invalid_key: {
    code: 'InvalidURI',
    status: 400,
    side: 'client',
    message: 'Stores do not agree on the meaning of this key. Use another key (setting: literal_keys).',
  },
  invalid_argument: {
    code: 'InvalidArgument',
    status: 400,
    side: 'client',
    message: 'A parameter is invalid.',
    limits: ['fixed.listing_parameter_bytes'],
  },
  key_too_long: {
    code: 'KeyTooLongError',
    status: 400,
    side: 'client',
    message: 'The key is longer than 1024 bytes in UTF-8.',
    limits: ['upload.max_key_length'],
  },
  header_too_large: {
    code: 'RequestHeaderSectionTooLarge',
    status: 431,
    side: 'client',
    message: 'The request headers are larger than this gateway accepts.',
    limits: ['server.max_header_size'],
  },
  header_timeout: {
    code: 'RequestTimeout',
    status: 408,
    side: 'client',
    message: 'The request headers did not arrive in time.',
    limits: ['server.header_timeout_seconds'],
  },
  malformed_xml: {
    code: 'MalformedXML',
    status: 400,
    side: 'client',
    message: 'The XML is not well formed, or not the document that this operation expects.',
    limits: ['fixed.completion_document_bytes', 'fixed.completion_text_bytes'],
  },
  metadata_too_large: {
    code: 'MetadataTooLarge',
    status: 400,
    side: 'client',
    message: 'The user metadata is larger than 2048 bytes, names and values together.',
    limits: ['fixed.user_metadata_bytes'],
  },
  // the body
  missing_content_length: {
    code: 'MissingContentLength',
    status: 411,
    side: 'client',
    message:
      'The length of the object is missing. Send Content-Length, or x-amz-decoded-content-length with aws-chunked.',
  },
  too_large: {
    code: 'EntityTooLarge',
    status: 400,
    side: 'client',
    message: 'The object or part is larger than this gateway accepts.',
    limits: ['upload.max_object_size', 'upload.max_part_size'],
  },
  incomplete_body: {
    code: 'IncompleteBody',
    status: 400,
    side: 'client',
    message: 'The body does not have its declared length.',
  },
  invalid_chunk: {
    code: 'InvalidChunkSizeError',
    status: 400,
    side: 'client',
    message: 'The aws-chunked framing of the body is malformed.',
    limits: ['fixed.chunk_line_bytes'],
  },
  malformed_trailer: {
    code: 'MalformedTrailerError',
    status: 400,
    side: 'client',
    message: 'The trailer of the body is not the one that x-amz-trailer announced.',
    limits: ['fixed.chunk_line_bytes', 'fixed.trailers'],
  },
  checksum_mismatch: {
    code: 'BadDigest',
    status: 400,
    side: 'client',
    message: 'The checksum in the request does not match the received bytes.',
  },
  client_aborted: {
    code: 'RequestTimeout',
    status: 400,
    side: 'client',
    message: 'The client closed the connection before the request was complete.',
    isCancellation: true,
  },
  client_stalled: {
    code: 'RequestTimeout',
    status: 408,
    side: 'client',
    message: 'The client sent no bytes of the body for too long.',
    limits: ['server.body_idle_timeout_seconds', 'server.minimum_rate', 'fixed.form_reading_seconds'],
  },
  ...STORE_FAILURES,
  // the gateway
  overloaded: {
    code: 'SlowDown',
    status: 503,
    side: 'gateway',
    message: 'The gateway has reached its limit of concurrent uploads. Retry later.',
    retryAfter: RETRY_AFTER,
    limits: OVERLOAD_LIMITS,
  },
  shutting_down: {
    code: 'ServiceUnavailable',
    status: 503,
    side: 'gateway',
    message: 'The gateway is shutting down. Retry the request.',
    retryAfter: RETRY_AFTER,
    isCancellation: true,
  },
  internal_error: {
    code: 'InternalError',
    status: 500,
    side: 'gateway',
    message: 'The gateway failed: an unexpected error occurred.',
  },
} as const satisfies Record<string, FailureShape>;

export type FailureType = keyof typeof ROWS;

export const FAILURES: Readonly<Record<FailureType, FailureShape>> = ROWS;
