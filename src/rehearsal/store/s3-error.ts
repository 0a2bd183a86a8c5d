/** The table of errors of the store, by S3 error code (Amazon S3 API Reference, "Error responses"). */
import { Failure } from '../../domain/failure.ts';
import { element, XML_DECLARATION } from './reply.ts';
import type { RequestIds } from './request-ids.ts';

const SHAPES = {
  AccessControlListNotSupported: [400, 'This store has no access control lists.'],
  BadDigest: [400, 'A checksum in the request does not match the bytes that arrived.'],
  EntityTooLarge: [400, 'The object is larger than 5 GiB.'],
  EntityTooSmall: [400, 'A part other than the last is smaller than 5 MiB.'],
  IncompleteBody: [400, 'The body does not have the length that was declared for it.'],
  InternalError: [500, 'The store failed.'],
  InvalidArgument: [400, 'A parameter is invalid.'],
  InvalidBucketName: [400, 'The bucket name is not valid.'],
  InvalidDigest: [400, 'Content-MD5 is not the base64 form of an MD5.'],
  InvalidPart: [400, 'A part was not found, or its ETag or checksum does not match.'],
  InvalidPartOrder: [400, 'The parts are not listed in ascending order.'],
  InvalidRange: [416, 'The range cannot be satisfied.'],
  InvalidRequest: [400, 'The request is not valid.'],
  InvalidURI: [400, 'The request target is invalid.'],
  KeyTooLongError: [400, 'The key is longer than 1024 bytes in UTF-8.'],
  MalformedTrailerError: [400, 'The trailer does not match x-amz-trailer.'],
  MalformedXML: [400, 'The XML is malformed or does not match the schema of the operation.'],
  MaxMessageLengthExceeded: [400, 'The document is too large.'],
  MetadataTooLarge: [400, 'The metadata headers exceed 2 KiB.'],
  MethodNotAllowed: [405, 'The method is not allowed against this resource.'],
  MissingContentLength: [411, 'The length of the body is not declared. Send Content-Length.'],
  NoSuchBucket: [404, 'The bucket does not exist.'],
  NoSuchKey: [404, 'The key does not exist.'],
  NoSuchUpload: [404, 'The upload does not exist: it may have been aborted or completed.'],
  NotImplemented: [501, 'The store does not support this request.'],
  PreconditionFailed: [412, 'A precondition of the request does not hold.'],
  RequestTimeout: [400, 'The connection was closed before the body was complete.'],
  TemporaryRedirect: [307, 'The bucket is temporarily at a different address.'],
  XAmzContentSHA256Mismatch: [400, 'The SHA-256 of the body does not match x-amz-content-sha256.'],
} as const satisfies Record<string, readonly [status: number, message: string]>;

export type S3ErrorCode = keyof typeof SHAPES;

/** Thrown anywhere in the store to end a request with an S3 error. */
export class S3Error extends Error {
  override readonly name = 'S3Error';
  readonly code: string;
  readonly status: number;
  /** Response headers of the error, with lower-case names. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: S3ErrorCode, message: string = SHAPES[code][1], headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.code = code;
    this.status = SHAPES[code][0];
    this.headers = headers;
  }
}

/** The error for the client. */
export interface ErrorAnswer {
  readonly code: string;
  readonly status: number;
  readonly message: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Ends a request with an error from a different table: a rejected signature, or a fault. */
export class ThrownAnswer extends Error {
  override readonly name = 'ThrownAnswer';
  readonly answer: ErrorAnswer;

  constructor(answer: ErrorAnswer) {
    super(answer.message);
    this.answer = answer;
  }
}

/** The aws-chunked decoder throws Failures, which have an S3 code. Any other error is an internal error. */
export function asErrorAnswer(thrown: unknown): ErrorAnswer {
  if (thrown instanceof ThrownAnswer) return thrown.answer;
  if (thrown instanceof S3Error || thrown instanceof Failure) {
    const { code, status, message, headers } = thrown;
    return { code, status, message, headers };
  }
  return asErrorAnswer(new S3Error('InternalError', `The store failed: ${String(thrown)}`));
}

export function errorXml({ code, message }: Pick<ErrorAnswer, 'code' | 'message'>, ids: RequestIds): string {
  const fields =
    element('Code', code) +
    element('Message', message) +
    element('RequestId', ids.requestId) +
    element('HostId', ids.hostId);
  return `${XML_DECLARATION}<Error>${fields}</Error>`;
}
