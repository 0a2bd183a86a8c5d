/**
 * Requests without a response object: malformed requests, header timeouts, CONNECT. They get a response, a trace and a log
 * line like any other request.
 */
import type { Duplex } from 'node:stream';
import { Failure } from '../domain/failure.ts';
import type { RequestTracer } from '../domain/span.ts';
import type { Report } from '../gateway/report.ts';
import { methodAttributes } from '../kit/http-method.ts';
import { showArrival } from './arrival.ts';
import { errorReply } from './error-reply.ts';
import type { KnownLine } from './request-line.ts';
import { addressed, type LocalEnd } from './server-address.ts';
import { serverTiming } from './server-timing.ts';
import type { ClientOf } from './upload-port.ts';

/** How long a client may take to read the error and to close the connection, in milliseconds. */
const CLOSE_TIMEOUT_MILLIS = 1_500;

interface RefuseOptions {
  readonly tracer: RequestTracer;
  readonly report: Report;
  readonly clientOf: ClientOf;
  readonly requestId: string;
  /** When the first byte of the request was read, as `performance.now()`; undefined if none was. */
  readonly begunAt: number | undefined;
  /** When it failed, if it then waited for the response to the previous request. */
  readonly failedAt: number | undefined;
}

export function refuseConnection(
  failure: Failure,
  socket: Duplex & { remoteAddress?: string; remotePort?: number } & LocalEnd,
  options: RefuseOptions,
  line: KnownLine | undefined,
): void {
  const { tracer, report, requestId, begunAt: startedAt = performance.now(), failedAt } = options;
  const client = options.clientOf(socket, {});
  const record = report.begin(startedAt);
  const attributes = {
    ...methodAttributes(line?.method),
    'url.scheme': client.scheme,
    'url.path': line?.path ?? '',
    'url.query': line?.query,
    ...addressed(line?.authority, client.scheme, socket),
    'client.address': client.address,
    'network.peer.address': socket.remoteAddress,
    'network.peer.port': socket.remotePort,
    'network.protocol.version': line?.version,
    'mizuchi.request_id': requestId,
  };
  const span = tracer.startRequest([], attributes, undefined, startedAt);
  const now = performance.now();
  const headersMillis = Math.max(0, (failedAt ?? now) - startedAt);
  showArrival(span, { headersMillis, turnMillis: failedAt === undefined ? 0 : now - failedAt });
  const { headers, body } = errorReply(failure, '', requestId, span.traceId);
  const timing = serverTiming(span);
  const lines = [
    `HTTP/1.1 ${failure.status} ${failure.code}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    `content-length: ${Buffer.byteLength(body)}`,
    `x-amz-request-id: ${requestId}`,
    ...(timing === undefined ? [] : [`server-timing: ${timing}`]),
    'connection: close',
  ];
  respondAndClose(socket, `${lines.join('\r\n')}\r\n\r\n${body}`);
  report.finish({
    requestId,
    method: line?.method ?? '',
    path: line?.path ?? '',
    query: line?.query,
    clientAddress: client.address,
    attributes,
    status: failure.status,
    failure,
    span,
    record,
  });
}

/** node:http has detached the socket of a CONNECT: this is the only code that handles its errors and closes it. */
function respondAndClose(socket: Duplex, response: string): void {
  const timer = setTimeout(() => socket.destroy(), CLOSE_TIMEOUT_MILLIS);
  socket.on('error', () => {}).once('close', () => clearTimeout(timer));
  socket.end(response);
  socket.resume();
}

/** An error of node:http, as in the event clientError. `rawPacket` are the bytes in which the parser failed. */
interface ParserError extends NodeJS.ErrnoException {
  readonly rawPacket?: Buffer;
  readonly bytesParsed?: number;
}

/** The failure for a parser error; undefined if the client has disconnected. */
export function failureOfParser(error: ParserError): Failure | undefined {
  if (error instanceof Failure) return error;
  if (error.code === 'ECONNRESET' || error.code === 'EPIPE') return undefined;
  if (error.code === 'HPE_INVALID_EOF_STATE') return new Failure('client_aborted');
  if (error.code === 'HPE_HEADER_OVERFLOW') return new Failure('header_too_large');
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') return new Failure('header_timeout');
  if (isClientHello(error)) return new Failure('bad_request', TLS_MESSAGE, { detail: TLS_DETAIL, cause: error });
  return new Failure('bad_request', 'The request is not valid HTTP/1.1.', { cause: error });
}

const TLS_MESSAGE = 'The request is a TLS handshake, but this port does not use TLS. Use http://.';
const TLS_DETAIL = 'TLS ClientHello on a plain HTTP port: use http:// in the client, or set server.tls';

/** RFC 8446, sections 5.1 and 4: a record of type handshake (22), any version 3.x, two bytes of length, client_hello (1). */
function isClientHello({ rawPacket, bytesParsed }: ParserError): boolean {
  return bytesParsed === 0 && rawPacket?.[0] === 22 && rawPacket[1] === 3 && rawPacket[5] === 1;
}
