/** Writes a response so that it reaches the client, also while the client is still sending. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { FIXED_LIMITS } from '../domain/fixed-limits.ts';
import type { Reply } from '../domain/stages.ts';
import type { EarlyReply } from './early-reply.ts';

const LINGER_BYTES = FIXED_LIMITS.linger_bytes;
const LINGER_MILLIS = FIXED_LIMITS.linger_seconds * 1000;
const LINGER_MILLIS_BRIEF = 1_500;

export interface WriteOptions {
  /** Whether to close the connection after the response. */
  readonly close: boolean;
  /** Whether to linger only briefly: the client waits for 100 Continue, or sent invalid HTTP. */
  readonly brief: boolean;
  /** The early response, if it has started. */
  readonly early: EarlyReply;
  /** Timeout for a client that does not read its response, in milliseconds. */
  readonly idleMillis: number;
}

/** @returns whether the operating system accepted the whole response before the client disconnected. */
export async function writeReply(
  request: IncomingMessage,
  response: ServerResponse,
  reply: Reply,
  options: WriteOptions,
): Promise<boolean> {
  if (response.destroyed) return false;
  if (options.early.hasStarted) return endEarly(response, options.early, reply, options.idleMillis);
  const unread = !request.complete && hasBody(request);
  const headers: string[] = [];
  for (const name in reply.headers) headers.push(name, reply.headers[name] as string);
  // A response to HEAD has the length of the omitted body (RFC 9110, section 9.3.2); 204 and 304 have none (section 8.6).
  const hasLength = reply.headers['content-length'] !== undefined;
  if (reply.status !== 204 && reply.status !== 304 && !hasLength)
    headers.push('content-length', String(Buffer.byteLength(reply.body)));
  if (options.close || unread) headers.push('connection', 'close');
  response.writeHead(reply.status, headers);
  return new Promise((resolve) => {
    response.once('close', () => resolve(response.writableFinished));
    // Node.js also calls this for unwritten data if the gateway destroyed the connection.
    const written = (): void => resolve(!request.socket.destroyed);
    if (!unread) {
      response.end(reply.body, written);
      destroyIfUnread(response, options.idleMillis);
    } else linger(request, response, reply.body, options.brief, written);
  });
}

/** The request has been read to its end by then. */
function endEarly(response: ServerResponse, early: EarlyReply, reply: Reply, idleMillis: number): Promise<boolean> {
  return new Promise((resolve) => {
    response.once('close', () => resolve(response.writableFinished));
    early.end(reply.body);
    destroyIfUnread(response, idleMillis);
  });
}

function destroyIfUnread(response: ServerResponse, millis: number): void {
  if (response.writableLength === 0) return; // the operating system has accepted it
  const timer = setTimeout(() => response.socket?.destroy(), millis);
  response.once('close', () => clearTimeout(timer));
}

/**
 * A client that is sending a body gets a reset instead of the response if the connection closes with unread bytes (RFC 9112,
 * section 9.6). So the whole response is written first, then a bounded rest of the body is read and dropped.
 */
function linger(
  request: IncomingMessage,
  response: ServerResponse,
  body: string,
  brief: boolean,
  answered: () => void,
): void {
  let left = LINGER_BYTES;
  const cut = (): void => void response.socket?.destroy();
  const timer = setTimeout(cut, brief ? LINGER_MILLIS_BRIEF : LINGER_MILLIS);
  const finish = (): void => {
    clearTimeout(timer);
    if (!response.writableEnded) response.end();
  };
  if (body === '' || request.method === 'HEAD') response.flushHeaders();
  response.write(body, answered);
  request.on('data', (bytes: Buffer) => {
    left -= bytes.length;
    if (left < 0) cut();
  });
  request.once('end', finish).once('close', finish).on('error', finish);
  request.resume();
}

/** Whether the framing declares at least one byte, or an unknown length. */
export function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) !== 0;
}
