/** One unary call: a stream of HTTP/2, from the request to the status in the trailers ("gRPC over HTTP2"). */
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  constants,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
  type OutgoingHttpHeaders,
} from 'node:http2';
import { performance } from 'node:perf_hooks';
import { GrpcMessageReader, messagePrefix } from './grpc-message.ts';
import {
  connectionFailure,
  type GrpcStatus,
  REFUSED,
  statusIn,
  statusOfHttp,
  statusOfReset,
  WITHOUT_STATUS,
} from './grpc-status.ts';

export interface GrpcRequest {
  readonly headers: OutgoingHttpHeaders;
  /** The message, compressed if `isCompressed`. */
  readonly message: Uint8Array;
  readonly isCompressed: boolean;
}

export interface GrpcResponse {
  readonly status: GrpcStatus;
  /** Empty unless the status is OK. */
  readonly message: Buffer;
  /** Encodings that the server accepts, if it lists them. */
  readonly acceptedEncodings?: string | undefined;
}

const NOTHING = Buffer.alloc(0);

export class GrpcCall {
  readonly #request: GrpcRequest;
  readonly #response = Promise.withResolvers<GrpcResponse>();
  readonly #endsAt: number;
  readonly #timer: NodeJS.Timeout;
  readonly #reader = new GrpcMessageReader();
  #stream: ClientHttp2Stream | undefined;
  #headers: IncomingHttpHeaders & IncomingHttpStatusHeader = {};
  #status: GrpcStatus | undefined;
  #error: Error | undefined;
  #isOver = false;

  /** @param timeoutMillis for the connection and the response together. */
  constructor(request: GrpcRequest, timeoutMillis: number) {
    this.#request = request;
    this.#endsAt = performance.now() + timeoutMillis;
    this.#timer = setTimeout(() => this.#expire(), Math.max(0, timeoutMillis));
  }

  /** Never rejects. */
  get response(): Promise<GrpcResponse> {
    return this.#response.promise;
  }

  /** Sends the request, unless the call is over. @throws Error if the session does not accept it. */
  start(session: ClientHttp2Session): void {
    if (session.closed) this.finish(REFUSED);
    if (this.#isOver) return;
    const { headers, message, isCompressed } = this.#request;
    const millis = Math.max(1, Math.ceil(this.#endsAt - performance.now()));
    const stream = session.request({ ...headers, 'grpc-timeout': `${millis}m` });
    this.#stream = stream;
    stream.on('response', (received, flags) => this.#receive(received, flags));
    stream.on('trailers', (trailers) => void (this.#status = statusIn(trailers)));
    stream.on('data', (chunk: Buffer) => this.#add(chunk));
    stream.on('end', () => this.#end());
    stream.on('error', (error) => void (this.#error = error));
    stream.on('close', () => this.#closed(session, stream.rstCode));
    stream.cork();
    stream.write(messagePrefix(message.length, isCompressed));
    stream.end(message);
    stream.uncork();
  }

  /** Ends the call. Only the first status counts. */
  finish(status: GrpcStatus, message: Buffer = NOTHING): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#timer);
    const isComplete = this.#stream?.readableEnded && this.#stream.writableFinished;
    if (!isComplete) this.#stream?.close(constants.NGHTTP2_CANCEL);
    const accepted = this.#headers['grpc-accept-encoding'];
    this.#response.resolve({ status, message, acceptedEncodings: accepted && String(accepted) });
  }

  #expire(): void {
    const missing = this.#stream === undefined ? 'connection' : 'response';
    this.finish({ code: 'DEADLINE_EXCEEDED', message: `no ${missing} in time` });
  }

  #receive(headers: IncomingHttpHeaders & IncomingHttpStatusHeader, flags: number): void {
    this.#headers = headers;
    if (flags & constants.NGHTTP2_FLAG_END_STREAM) this.#status = statusIn(headers);
    if (headers[':status'] !== 200) this.finish(this.#status ?? statusOfHttp(Number(headers[':status'])));
  }

  #add(chunk: Buffer): void {
    const failure = this.#isOver ? undefined : this.#reader.add(chunk);
    if (failure !== undefined) this.finish(failure);
  }

  /** Without a status this is not the end of a response: Node.js ends the data of a lost stream as well. */
  #end(): void {
    if (this.#status === undefined) return;
    const encoding = this.#headers['grpc-encoding'] as string | undefined;
    const message = this.#status.code === 'OK' ? this.#reader.message(encoding) : this.#status;
    if (Buffer.isBuffer(message)) this.finish(this.#status, message);
    else this.finish(message);
  }

  /** Unless the call is over, the server reset the stream, or the connection was lost, or there is no status. */
  #closed({ destroyed }: ClientHttp2Session, code = constants.NGHTTP2_NO_ERROR): void {
    if (this.#isOver) return;
    if (this.#status !== undefined && this.#status.code !== 'OK') this.finish(this.#status);
    else if (code === constants.NGHTTP2_REFUSED_STREAM) this.finish(REFUSED);
    else if (destroyed) this.finish(connectionFailure('the connection was lost', this.#error));
    else this.finish(code === constants.NGHTTP2_NO_ERROR ? WITHOUT_STATUS : statusOfReset(code));
  }
}
