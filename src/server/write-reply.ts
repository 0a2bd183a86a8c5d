/** Writing an answer so that it reaches the client, even one that is still sending. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { FIXED_LIMITS } from '../domain/fixed-limits.ts';
import type { Reply } from '../domain/stages.ts';
import type { EarlyReply } from './early-reply.ts';

const LINGER_BYTES = FIXED_LIMITS.linger_bytes;
const LINGER_MILLIS = FIXED_LIMITS.linger_seconds * 1000;
const LINGER_MILLIS_BRIEF = 1_500;

export interface WriteOptions {
  /** Whether the connection may not be used again. */
  readonly close: boolean;
  /** Whether a short linger will do: the client has been asked for nothing, or does not speak HTTP properly. */
  readonly brief: boolean;
  /** The response that was begun ahead of its outcome, if it was. */
  readonly early: EarlyReply;
  /** Longest wait for a client that does not take its answer, in milliseconds. */
  readonly idleMillis: number;
}

/** @returns whether the whole answer was handed to the operating system before the client was gone. */
export async function writeReply(
  request: IncomingMessage,
  response: ServerResponse,
  reply: Reply,
  options: WriteOptions,
): Promise<boolean> {
  if (response.destroyed) return false;
  if (options.early.hasBegun) return endEarly(response, options.early, reply, options.idleMillis);
  const unread = !request.complete && hasBody(request);
  const headers: string[] = [];
  for (const name in reply.headers) headers.push(name, reply.headers[name] as string);
  // HEAD tells the length of what it does not send (RFC 9110, section 9.3.2); 204 and 304 have none (section 8.6).
  const hasLength = reply.headers['content-length'] !== undefined;
  if (reply.status !== 204 && reply.status !== 304 && !hasLength)
    headers.push('content-length', String(Buffer.byteLength(reply.body)));
  if (options.close || unread) headers.push('connection', 'close');
  response.writeHead(reply.status, headers);
  return new Promise((resolve) => {
    response.once('close', () => resolve(response.writableFinished));
    // What could not be written any more is reported as written, too, where the connection was cut from this side.
    const written = (): void => resolve(!request.socket.destroyed);
    if (!unread) {
      response.end(reply.body, written);
      cutIfUntaken(response, options.idleMillis);
    } else linger(request, response, reply.body, options.brief, written);
  });
}

/** The request has been read to its end by then. */
function endEarly(response: ServerResponse, early: EarlyReply, reply: Reply, idleMillis: number): Promise<boolean> {
  return new Promise((resolve) => {
    response.once('close', () => resolve(response.writableFinished));
    early.end(reply.body);
    cutIfUntaken(response, idleMillis);
  });
}

function cutIfUntaken(response: ServerResponse, millis: number): void {
  const timer = setTimeout(() => response.socket?.destroy(), millis);
  response.once('close', () => clearTimeout(timer));
}

/**
 * A client that is mid-body sees a reset instead of the answer if the connection closes while its bytes are unread
 * (RFC 9112, section 9.6). So the whole answer goes out first, then a bounded rest of the body is read and dropped.
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

/** Whether the framing announces at least one byte, or a number of them that is not known yet. */
export function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) !== 0;
}
