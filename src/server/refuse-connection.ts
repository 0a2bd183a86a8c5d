/**
 * Requests that have a connection and no response object: what node:http cannot parse, headers that never end, CONNECT.
 * They are answered, traced and logged like every other.
 */
import type { Duplex } from 'node:stream';
import { Failure } from '../domain/failure.ts';
import type { RequestTracer } from '../domain/span.ts';
import type { Report } from '../gateway/report.ts';
import { errorReply } from './error-reply.ts';
import { serverTiming } from './server-timing.ts';
import type { ClientOf } from './upload-port.ts';

/** How long a client may take to read its refusal and to close, in milliseconds. */
const PATIENCE_MILLIS = 1_500;

export function refuseConnection(
  failure: Failure,
  socket: Duplex & { remoteAddress?: string; remotePort?: number; localPort?: number },
  options: { tracer: RequestTracer; report: Report; clientOf: ClientOf; requestId: string },
): void {
  const { tracer, report, requestId } = options;
  const client = options.clientOf(socket, {});
  const record = report.begin();
  const span = tracer.startRequest([], {
    'http.request.method': '_OTHER',
    'url.scheme': client.scheme,
    'url.path': '',
    'client.address': client.address,
    'network.peer.address': socket.remoteAddress,
    'server.port': socket.localPort,
  });
  const { headers, body } = errorReply(failure, '', requestId, span.traceId);
  const timing = serverTiming(span);
  const head = [
    `HTTP/1.1 ${failure.status} ${failure.code}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    `content-length: ${Buffer.byteLength(body)}`,
    `x-amz-request-id: ${requestId}`,
    ...(timing === undefined ? [] : [`server-timing: ${timing}`]),
    'connection: close',
  ];
  answerAndClose(socket, `${head.join('\r\n')}\r\n\r\n${body}`);
  report.finish({
    requestId,
    method: '',
    path: '',
    clientAddress: client.address,
    status: failure.status,
    failure,
    span,
    record,
  });
}

/** node:http has let go of the socket of a CONNECT: nobody else listens for its errors, knows it on shutdown, or closes it. */
function answerAndClose(socket: Duplex, answer: string): void {
  const cut = setTimeout(() => socket.destroy(), PATIENCE_MILLIS);
  socket.on('error', () => {}).once('close', () => clearTimeout(cut));
  socket.end(answer);
  socket.resume();
}

/** What the parser's error means; undefined where there is nobody left to tell. */
export function failureOfParser(error: NodeJS.ErrnoException): Failure | undefined {
  if (error instanceof Failure) return error;
  if (error.code === 'ECONNRESET' || error.code === 'EPIPE') return undefined;
  if (error.code === 'HPE_INVALID_EOF_STATE') return new Failure('client_aborted');
  if (error.code === 'HPE_HEADER_OVERFLOW') return new Failure('header_too_large');
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') return new Failure('header_timeout');
  return new Failure('bad_request', 'The request is not well-formed HTTP/1.1.', { cause: error });
}
