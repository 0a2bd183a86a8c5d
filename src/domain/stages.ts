/**
 * What is known of a request after each stage: Incoming → Routed → Authenticated → Resolved → Authorized. Each stage takes
 * the type before and gives the next, so that what was not authorized cannot reach an upload handler: it does not compile.
 */
import type { Readable } from 'node:stream';
import type { Identity, Payload } from './identity.ts';
import { BUCKET_QUESTIONS, type BucketQuestion, type OperationName, type PREFLIGHT } from './operation.ts';
import type { RawHeaders, Span } from './span.ts';

/** Where a request points. */
export interface Target {
  /** The path as it was sent, percent-encoding included: decoding it is the router's, once. */
  readonly rawPath: string;
  /** The bucket that the host name says, below a domain of the gateway: all of the path is then the key. */
  readonly hostBucket: string | undefined;
}

/** A request as the server hands it over: head read, body untouched. */
export interface Incoming extends Target {
  /** The gateway's own id of this request, for `x-amz-request-id` where the store has given none. */
  readonly id: string;
  readonly method: string;
  /** Decoded query parameters in their order, duplicates included. */
  readonly query: readonly (readonly [name: string, value: string])[];
  /** Lower-case names. A header that S3 allows once stands here once: the server refused duplicates. */
  readonly headers: Readonly<Record<string, string>>;
  /** The same as they came, for what is signed over them. */
  readonly rawHeaders: RawHeaders;
  /** Address of the client, as far as the proxies before the gateway are trusted; undefined if its connection has ended already. */
  readonly clientAddress: string | undefined;
  /** What the client itself spoke, be it to a proxy before the gateway. */
  readonly scheme: 'http' | 'https';
  readonly body: IncomingBody;
  /** Aborted when the client has gone before its answer was complete. */
  readonly signal: AbortSignal;
  /** The SERVER span. */
  readonly span: Span;
  /**
   * Keeps the client waiting while the store works: the first call sends the status 200 and the headers, each further one a space. What
   * comes of the request is then the body, be it an error. Only for operations of which S3 says that a 200 may hold an error.
   * @param headers beyond those of every response, lower-case names; of the first call.
   */
  keepWaiting(headers?: Readonly<Record<string, string>>): void;
}

export interface IncomingBody {
  /** Value of Content-Length in bytes; undefined with Transfer-Encoding: chunked. 0 where the request has no body. */
  readonly length: number | undefined;
  /** Bytes that it has at least and at most, where its length is known only when it has ended: a large file of a form. */
  readonly bounds?: LengthBounds;
  /** Asks the client for the body (answers `Expect: 100-continue`, once) and gives its bytes, still framed as they were sent. */
  open(): Readable;
}

export interface LengthBounds {
  readonly least: number;
  readonly most: number;
}

/** One bucket of the configuration, as the stages need it. */
export interface Bucket {
  /** The name that clients use. */
  readonly name: string;
  /** The name at the store. */
  readonly storeBucket: string;
}

export interface Routed<B extends Bucket = Bucket> {
  readonly incoming: Incoming;
  readonly bucket: B;
  readonly operation: OperationName | BucketQuestion | typeof PREFLIGHT;
  /** The object key: decoded once, never changed; what is authorized, signed, logged and stored. */
  readonly key: string;
  /** The upload id as clients know it: sealed, see upload-id/. */
  readonly uploadId: string | undefined;
  readonly partNumber: number | undefined;
  /** Those query parameters that the operation allows and the store shall see, decoded. */
  readonly storeQuery: readonly (readonly [name: string, value: string])[];
  /** Of a POST form; `incoming` then has the form's fields as its headers and the file as its body. */
  readonly form: UploadForm | undefined;
}

/** The fields of a POST form that came before its file: what the request asks for, and what its policy must allow. */
export interface UploadForm {
  /** Lower-case names, each once; in the values, `${filename}` stands replaced. All else is as it was sent. */
  readonly fields: ReadonlyMap<string, string>;
  /** The file name that the client gave, without directories; empty if it gave none. */
  readonly fileName: string;
}

export interface Authenticated<B extends Bucket = Bucket> extends Routed<B> {
  readonly identity: Identity;
  readonly payload: Payload;
}

/** Asks about a bucket, and for no upload: it is answered, and goes no further. */
export interface Asking<B extends Bucket = Bucket> extends Authenticated<B> {
  readonly operation: BucketQuestion;
}

export interface Uploading<B extends Bucket = Bucket> extends Authenticated<B> {
  readonly operation: OperationName;
}

export function isAsking<B extends Bucket>(request: Authenticated<B>): request is Asking<B> {
  return Object.hasOwn(BUCKET_QUESTIONS, request.operation);
}

/** An upload id that the request names was found to be the caller's, for this bucket and key. */
export interface Resolved<B extends Bucket = Bucket> extends Uploading<B> {
  /** The id as the store knows it; the one that clients know is `uploadId`. */
  readonly storeUploadId: string | undefined;
  /** When that upload was created, by the store's clock, in milliseconds since the epoch; undefined where that is not known. */
  readonly uploadCreatedAt: number | undefined;
}

/** Why the request may go on; stands on the span. */
export interface Decision {
  readonly reason: string;
}

export interface Authorized<B extends Bucket = Bucket> extends Resolved<B> {
  readonly decision: Decision;
}

/** The answer to a request, before the server adds what every answer carries. */
export interface Reply {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The bytes and the waits of a request, as the report reads them. Only the TransferClock (src/body) writes them. */
export interface Transfer {
  /** Object bytes received from the client, framing excluded. */
  readonly bytes: number;
  /** Seconds in which the gateway had room and waited for the client's bytes. */
  readonly clientWaitSeconds: number;
  /** Seconds in which the gateway had bytes, or had sent them all, and waited for the store. */
  readonly storeWaitSeconds: number;
  /** Seconds in which the upload waited for part memory. */
  readonly memoryWaitSeconds: number;
  /** Seconds in which the operation waited for a connection to the store, before it was sent. */
  readonly connectionWaitSeconds: number;
}
