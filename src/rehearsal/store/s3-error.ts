/** Every error that the store answers, as one closed table by S3 error code (Amazon S3 API Reference, "Error responses"). */
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
  InvalidPart: [400, 'A part was not found, or its ETag or checksum is another one.'],
  InvalidPartOrder: [400, 'The parts are not listed in ascending order.'],
  InvalidRange: [416, 'The range cannot be satisfied.'],
  InvalidRequest: [400, 'The request is not valid.'],
  InvalidURI: [400, 'The request target cannot be understood.'],
  KeyTooLongError: [400, 'The key is longer than 1024 bytes in UTF-8.'],
  MalformedTrailerError: [400, 'The trailer is not the one that x-amz-trailer announced.'],
  MalformedXML: [400, 'The XML is not well formed or not what this operation takes.'],
  MaxMessageLengthExceeded: [400, 'The document is too large.'],
  MetadataTooLarge: [400, 'The metadata headers exceed 2 KiB.'],
  MethodNotAllowed: [405, 'The method is not allowed against this resource.'],
  MissingContentLength: [411, 'The length of the body must be declared.'],
  NoSuchBucket: [404, 'The bucket does not exist.'],
  NoSuchKey: [404, 'The key does not exist.'],
  NoSuchUpload: [404, 'The upload does not exist: it may have been aborted or completed.'],
  NotImplemented: [501, 'This store does not offer what the request asks for.'],
  PreconditionFailed: [412, 'A precondition of the request does not hold.'],
  RequestTimeout: [400, 'The connection was closed before the body was complete.'],
  TemporaryRedirect: [307, 'The bucket is at another address for now.'],
  XAmzContentSHA256Mismatch: [400, 'The body does not have the SHA-256 that x-amz-content-sha256 says.'],
} as const satisfies Record<string, readonly [status: number, message: string]>;

export type S3ErrorCode = keyof typeof SHAPES;

/** Thrown anywhere in the store to end a request with an S3 error. */
export class S3Error extends Error {
  override readonly name = 'S3Error';
  readonly code: string;
  readonly status: number;
  /** Response headers that the error brings along, lower-case names. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: S3ErrorCode, message: string = SHAPES[code][1], headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.code = code;
    this.status = SHAPES[code][0];
    this.headers = headers;
  }
}

/** What the client is told of an error, wherever it came from. */
export interface ErrorAnswer {
  readonly code: string;
  readonly status: number;
  readonly message: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Ends a request with an error whose answer comes from another table than this one: the signature's, or a fault's. */
export class ThrownAnswer extends Error {
  override readonly name = 'ThrownAnswer';
  readonly answer: ErrorAnswer;

  constructor(answer: ErrorAnswer) {
    super(answer.message);
    this.answer = answer;
  }
}

/** The decoder of aws-chunked bodies throws Failures: they have an S3 code too. All else is a fault of this store. */
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
