/**
 * The request after each stage: Incoming → Routed → Authenticated → Resolved → Authorized. Each stage takes the previous type and
 * returns the next, so that a request that was not authorized cannot reach an upload handler: it does not compile.
 */
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import type { TakenBody } from './body-pump.ts';
import type { CancelSignal } from './cancellation.ts';
import type { Identity, Payload } from './identity.ts';
import { BUCKET_REQUESTS, type BucketRequest, type OperationName, type PREFLIGHT } from './operation.ts';
import type { ReceivedHeaders } from './received-headers.ts';
import type { Span } from './span.ts';

/** The target of a request. */
export interface Target {
  /** The path as it was sent, percent-encoding included: the router decodes it, once. */
  readonly rawPath: string;
  /** The bucket in the host name, below a domain of the gateway; the whole path is then the key. */
  readonly hostBucket: string | undefined;
}

/** A request as the server passes it on: its headers are read, its body is not. */
export interface Incoming extends Target {
  /** The gateway's own id of this request, for `x-amz-request-id` if the store sent none. */
  readonly id: string;
  readonly method: string;
  /** Decoded query parameters in their order, duplicates included. */
  readonly query: readonly (readonly [name: string, value: string])[];
  /** Lower-case names. A header that S3 allows once is here once: the server refuses duplicates. */
  readonly headers: Readonly<Record<string, string>>;
  /** The headers of the connection's request as received, for its credentials: those of a form are in `headers`. */
  readonly received: ReceivedHeaders;
  /** Address of the client, as far as the proxies before the gateway are trusted; undefined if its connection has ended already. */
  readonly clientAddress: string | undefined;
  /** The scheme of the client's own connection, also if a proxy is in front of the gateway. */
  readonly scheme: 'http' | 'https';
  readonly body: IncomingBody;
  /** Aborted when the client disconnects before its response is complete. */
  readonly signal: CancelSignal;
  /** The SERVER span. */
  readonly span: Span;
  /**
   * Keeps the client waiting while the store works: the first call sends the status 200 and the headers, each further one a space.
   * The outcome is then the body, also if it is an error. Only for operations for which S3 documents that a 200 may hold an error.
   * @param headers beyond those of every response, lower-case names; of the first call.
   */
  keepWaiting(headers?: Readonly<Record<string, string>>): void;
}

export interface IncomingBody {
  /** Value of Content-Length in bytes; undefined with Transfer-Encoding: chunked. 0 if the request has no body. */
  readonly length: number | undefined;
  /** Bounds of the length, if it is known only at the end of the body: a large file of a form. */
  readonly bounds?: LengthBounds;
  /** Requests the body from the client (sends `100 Continue`, once) and returns its bytes, with their framing. */
  open(): Readable;
  /** The client's connection, if a pump may read the body from it: plain HTTP, on a system where node:http can be moved past a body. */
  readonly connection?: Socket | undefined;
  /**
   * Opens the body, and takes its connection away from node:http, so that a pump reads the bytes.
   * @param least number of bytes that must still be unread.
   * @returns undefined if node:http has to read this body. `open` then returns all of it.
   */
  take(least: number): Promise<TakenBody | undefined>;
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
  readonly operation: OperationName | BucketRequest | typeof PREFLIGHT;
  /** The object key: decoded once, never changed; the same for authorization, signature, log and store. */
  readonly key: string;
  /** The upload id as clients know it: sealed, see upload-id/. */
  readonly uploadId: string | undefined;
  readonly partNumber: number | undefined;
  /** The query parameters for the store, decoded. */
  readonly storeQuery: readonly (readonly [name: string, value: string])[];
  /** Of a POST form; `incoming` then has the form's fields as its headers and the file as its body. */
  readonly form: UploadForm | undefined;
}

/** The fields of a POST form before its file: the request, which its policy must allow. */
export interface UploadForm {
  /** Lower-case names, each once; in the values, `${filename}` is replaced. The rest is as received. */
  readonly fields: ReadonlyMap<string, string>;
  /** The file name that the client gave, without directories; empty if it gave none. */
  readonly fileName: string;
}

export interface Authenticated<B extends Bucket = Bucket> extends Routed<B> {
  readonly identity: Identity;
  readonly payload: Payload;
}

/** A request about a bucket, not an object: the gateway responds itself. */
export interface ForBucket<B extends Bucket = Bucket> extends Authenticated<B> {
  readonly operation: BucketRequest;
}

export interface ForObject<B extends Bucket = Bucket> extends Authenticated<B> {
  readonly operation: OperationName;
}

export function isForBucket<B extends Bucket>(request: Authenticated<B>): request is ForBucket<B> {
  return Object.hasOwn(BUCKET_REQUESTS, request.operation);
}

/** The upload id of the request belongs to the caller, this bucket and this key. */
export interface Resolved<B extends Bucket = Bucket> extends ForObject<B> {
  /** The id as the store knows it; the one that clients know is `uploadId`. */
  readonly storeUploadId: string | undefined;
  /** When that upload was created, by the store's clock, in milliseconds since the epoch; undefined if it is unknown. */
  readonly uploadCreatedAt: number | undefined;
}

/** Why the request is allowed; on the span. */
export interface AuthorizationReason {
  readonly reason: string;
}

export interface Authorized<B extends Bucket = Bucket> extends Resolved<B> {
  readonly decision: AuthorizationReason;
}

/** The response to a request, before the server adds the headers of every response. */
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
  /** When the first byte and the last byte of the body came, as `performance.now()`; undefined before. */
  readonly firstByteAt: number | undefined;
  readonly lastByteAt: number | undefined;
  /** Seconds in which the gateway had room and waited for the client's bytes. */
  readonly clientWaitSeconds: number;
  /** Seconds in which the gateway had bytes, or had sent them all, and waited for the store. */
  readonly storeWaitSeconds: number;
  /** Seconds in which the upload waited for part memory. */
  readonly memoryWaitSeconds: number;
  /** Seconds in which the operation waited for a connection to the store. */
  readonly connectionWaitSeconds: number;
  /** Seconds of the pauses before further attempts at the store. */
  readonly retryWaitSeconds: number;
}
