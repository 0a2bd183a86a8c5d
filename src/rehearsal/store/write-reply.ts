/** Writes a response. */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Exchange } from './exchange.ts';
import type { FileBody, Reply } from './reply.ts';
import { type ErrorAnswer, errorXml } from './s3-error.ts';

/** How long a rejected client may continue to send before its connection is closed, in milliseconds. */
const LINGER = 5_000;

export async function writeReply({ request, response }: Exchange, reply: Reply): Promise<void> {
  const { status, headers, body } = reply;
  if (typeof body === 'string') {
    const length =
      status === 204 || status === 304 || 'content-length' in headers
        ? {}
        : { 'content-length': Buffer.byteLength(body) };
    response.writeHead(status, { ...headers, ...length });
    response.end(request.method === 'HEAD' ? undefined : body);
    return;
  }
  response.writeHead(status, headers);
  if ('file' in body) await sendFile(body, response);
  else await pipeline(Readable.from(body), response);
}

async function sendFile({ file, start, length }: FileBody, response: NodeJS.WritableStream): Promise<void> {
  const end = start + length - 1;
  if (length > 0) await pipeline(file.createReadStream({ start, end, autoClose: false }), response);
  else response.end();
}

/** Sends half of the response, then closes the connection. */
export function writeHalf({ request, response }: Exchange, { status, body }: Reply): void {
  const { socket } = request;
  if (typeof body !== 'string' || body === '') {
    socket.end(`HTTP/1.1 ${status} OK\r\ncontent-le`);
    return;
  }
  response.writeHead(status, { 'content-type': 'application/xml', 'content-length': Buffer.byteLength(body) });
  response.write(body.slice(0, body.length / 2), () => socket.destroySoon());
}

export function writeError(exchange: Exchange, error: ErrorAnswer): Promise<void> {
  linger(exchange);
  const headers = { 'content-type': 'application/xml', ...error.headers };
  return writeReply(exchange, { status: error.status, headers, body: errorXml(error, exchange.ids) });
}

/**
 * A client that is rejected during its body must be able to read the error. The rest of the body is read and dropped for a
 * while, because closing at once would reset the connection before the response is read.
 */
function linger({ request }: Exchange): void {
  if (request.complete) return;
  const stop = (): void => void (request.complete || request.socket.destroy());
  const timer = setTimeout(stop, LINGER).unref();
  request.once('close', () => clearTimeout(timer));
  request.resume();
}
