/**
 * Every way in which the gateway itself ends a request without success, as one closed table. The key is the value of
 * `error.type` on spans and of the `error_type` label and log field; a row says which S3 code and HTTP status the client gets.
 * Errors that the store reports have the type `store_error`; which of its codes a client gets is in src/s3/store-responses.ts.
 */

export interface FailureShape {
  /** S3 error code, as in the `<Code>` of the error XML (Amazon S3 API Reference, "Error responses"). */
  readonly code: string;
  /** HTTP status. */
  readonly status: number;
  /** Who has to act: the client, the operator of the gateway, or the store. */
  readonly side: 'client' | 'gateway' | 'store';
  /** What the client is told when the place that failed has nothing better to say. */
  readonly message: string;
}

export const FAILURES = {
  // what the request asks for
  method_not_allowed: {
    code: 'MethodNotAllowed',
    status: 405,
    side: 'client',
    message: 'This gateway accepts uploads only.',
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
    message: 'Listings are refused: this gateway takes uploads only (setting: listings).',
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
    message: 'This gateway does not support the form in which the body was sent.',
  },
  no_such_bucket: {
    code: 'NoSuchBucket',
    status: 404,
    side: 'client',
    message: 'No bucket of this gateway has this path.',
  },
  cors_refused: {
    code: 'AccessForbidden',
    status: 403,
    side: 'client',
    message: 'This bucket does not take such requests from web pages of this origin.',
  },
  bucket_exists: {
    code: 'BucketAlreadyOwnedByYou',
    status: 409,
    side: 'client',
    message: 'The bucket is there already.',
  },
  // who asks, and whether they may
  unauthenticated: {
    code: 'AccessDenied',
    status: 403,
    side: 'client',
    message: 'This bucket asks who you are, and the request carries no credential that it takes.',
  },
  ambiguous_credentials: {
    code: 'InvalidArgument',
    status: 400,
    side: 'client',
    message: 'The request carries two kinds of credential; only one of them may be there.',
  },
  signature_refused: {
    code: 'SignatureDoesNotMatch',
    status: 403,
    side: 'client',
    message: 'The signature does not match the request; check the secret key and the method of signing.',
  },
  token_refused: { code: 'InvalidToken', status: 401, side: 'client', message: 'The token is not accepted here.' },
  keys_unavailable: {
    code: 'ServiceUnavailable',
    status: 503,
    side: 'gateway',
    message: 'The keys of the identity provider cannot be had, so that no token can be verified.',
  },
  form_refused: {
    code: 'MalformedPOSTRequest',
    status: 400,
    side: 'client',
    message: 'The body is not a well-formed POST form.',
  },
  policy_violated: {
    code: 'AccessDenied',
    status: 403,
    side: 'client',
    message: 'The form does not fulfil its policy.',
  },
  access_denied: { code: 'AccessDenied', status: 403, side: 'client', message: 'Access denied.' },
  policy_unavailable: {
    code: 'ServiceUnavailable',
    status: 503,
    side: 'gateway',
    message: 'Whether this is allowed cannot be found out at the moment.',
  },
  no_such_upload: {
    code: 'NoSuchUpload',
    status: 404,
    side: 'client',
    message: 'The upload does not exist: its id is not valid, or it was completed or aborted.',
  },
  // how the request is written
  bad_request: { code: 'InvalidRequest', status: 400, side: 'client', message: 'The request is malformed.' },
  invalid_uri: { code: 'InvalidURI', status: 400, side: 'client', message: 'The request target cannot be understood.' },
  invalid_key: {
    code: 'InvalidURI',
    status: 400,
    side: 'client',
    message: 'The key is one that stores do not agree on; see literal_keys.',
  },
  invalid_argument: { code: 'InvalidArgument', status: 400, side: 'client', message: 'A parameter is invalid.' },
  key_too_long: {
    code: 'KeyTooLongError',
    status: 400,
    side: 'client',
    message: 'The key is longer than 1024 bytes in UTF-8.',
  },
  header_too_large: {
    code: 'RequestHeaderSectionTooLarge',
    status: 431,
    side: 'client',
    message: 'The head of the request is larger than this gateway takes.',
  },
  header_timeout: {
    code: 'RequestTimeout',
    status: 408,
    side: 'client',
    message: 'The request headers did not arrive in time.',
  },
  malformed_xml: {
    code: 'MalformedXML',
    status: 400,
    side: 'client',
    message: 'The XML is not well formed or not what this operation takes.',
  },
  metadata_too_large: {
    code: 'MetadataTooLarge',
    status: 400,
    side: 'client',
    message: 'The user metadata is larger than 2048 bytes, names and values together.',
  },
  // the body
  missing_content_length: {
    code: 'MissingContentLength',
    status: 411,
    side: 'client',
    message:
      'The length of the object must be declared: Content-Length, or x-amz-decoded-content-length with aws-chunked.',
  },
  too_large: {
    code: 'EntityTooLarge',
    status: 400,
    side: 'client',
    message: 'The object or the part is larger than this gateway accepts.',
  },
  incomplete_body: {
    code: 'IncompleteBody',
    status: 400,
    side: 'client',
    message: 'The body does not have the length that was declared for it.',
  },
  invalid_chunk: {
    code: 'InvalidChunkSizeError',
    status: 400,
    side: 'client',
    message: 'The aws-chunked framing of the body is broken.',
  },
  malformed_trailer: {
    code: 'MalformedTrailerError',
    status: 400,
    side: 'client',
    message: 'The trailer of the body is not the one that x-amz-trailer announced.',
  },
  checksum_mismatch: {
    code: 'BadDigest',
    status: 400,
    side: 'client',
    message: 'The checksum in the request does not match the bytes that arrived.',
  },
  client_aborted: {
    code: 'RequestTimeout',
    status: 400,
    side: 'client',
    message: 'The client closed the connection before the request was complete.',
  },
  client_stalled: {
    code: 'RequestTimeout',
    status: 408,
    side: 'client',
    message: 'No byte of the body arrived for too long.',
  },
  // the way to the store
  store_unreachable: {
    code: 'ServiceUnavailable',
    status: 503,
    side: 'store',
    message: 'The store cannot be reached.',
  },
  store_reset: {
    code: 'BadGateway',
    status: 502,
    side: 'store',
    message: 'The store closed the connection before it answered.',
  },
  store_timeout: { code: 'GatewayTimeout', status: 504, side: 'store', message: 'The store did not answer in time.' },
  store_invalid_answer: {
    code: 'BadGateway',
    status: 502,
    side: 'store',
    message: 'The store gave an answer that S3 does not give.',
  },
  store_refused_gateway: {
    code: 'BadGateway',
    status: 502,
    side: 'gateway',
    message: 'The store refused a request of the gateway itself; only the operator of the gateway can change that.',
  },
  store_error: { code: 'InternalError', status: 500, side: 'store', message: 'The store reported an error.' },
  // the gateway
  overloaded: {
    code: 'SlowDown',
    status: 503,
    side: 'gateway',
    message: 'The gateway serves as many uploads as it may; try again soon.',
  },
  shutting_down: { code: 'ServiceUnavailable', status: 503, side: 'gateway', message: 'The gateway is shutting down.' },
  internal_error: { code: 'InternalError', status: 500, side: 'gateway', message: 'The gateway failed.' },
} as const satisfies Record<string, FailureShape>;

export type FailureType = keyof typeof FAILURES;

export interface FailureOptions {
  /** Instead of those of the table. */
  readonly code?: string;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly reason?: string | undefined;
  readonly detail?: string | undefined;
  readonly details?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/** Thrown by any stage to end the request. It becomes the S3 error reply, the span's `error.type`, the log line and the metric. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly type: FailureType;
  readonly code: string;
  readonly status: number;
  /** Response headers that the failure brings along, lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** Why, in one word of a closed set, for the operator: on the span and in the log line, never told to the client. */
  readonly reason: string | undefined;
  /** What is known besides, in the words of another program, for the operator: in a span and in the log line, never told to the client. */
  readonly detail: string | undefined;
  /** Further elements of the error document, by name: for the client only, never in a span or a log line. */
  readonly details: Readonly<Record<string, string>>;

  constructor(type: FailureType, message: string = FAILURES[type].message, options: FailureOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.type = type;
    this.code = options.code ?? FAILURES[type].code;
    this.status = options.status ?? FAILURES[type].status;
    this.headers = options.headers ?? {};
    this.reason = options.reason;
    this.detail = options.detail;
    this.details = options.details ?? {};
  }
}

/** The same failure with one more header in its response. */
export function withHeader(failure: Failure, name: string, value: string): Failure {
  const { type, message, code, status, reason, detail, details, cause } = failure;
  const headers = { ...failure.headers, [name]: value };
  return new Failure(type, message, { code, status, headers, reason, detail, details, cause });
}

/** What was thrown, as a Failure: everything that is not one is a fault of ours. */
export function asFailure(thrown: unknown): Failure {
  if (thrown instanceof Failure) return thrown;
  return new Failure('internal_error', undefined, { cause: thrown });
}
