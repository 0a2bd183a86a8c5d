/** Takes the body of a request away from node:http, which has parsed its headers, and gives its connection back. */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import type { TLSSocket } from 'node:tls';
import type { TakenBody } from '../domain/body-pump.ts';
import { canSkipBody, skipBody, stopReading } from '../kernel/http-parser.ts';
import { UploadRequest } from './upload-request.ts';

/** Whether a pump can read the body, as far as this is known before it is opened. */
export function isTakeable(request: IncomingMessage): request is UploadRequest {
  const { socket } = request;
  return request instanceof UploadRequest && !isEncrypted(socket) && !request.complete && canSkipBody(socket);
}

const isEncrypted = (socket: Socket): boolean => (socket as Partial<TLSSocket>).encrypted === true;

/**
 * @param length of the whole body, in bytes.
 * @param least number of bytes that must still be unread.
 * @param isBroken whether the body has failed meanwhile.
 * @returns undefined if node:http has to read it; nothing has been read then.
 */
export async function takeBody(
  request: UploadRequest,
  length: number,
  least: number,
  isBroken: () => boolean,
): Promise<TakenBody | undefined> {
  const { socket } = request;
  const wasPaused = socket.isPaused();
  const permitReading = stopReading(socket);
  await setImmediate(); // the rest of the last read is parsed by then
  const waiting = request.waitingBytes;
  const left = length - waiting;
  const fits = !isBroken() && !socket.destroyed && isTakeable(request) && left >= Math.max(1, least);
  if (!fits || socket.readableLength > 0) {
    permitReading();
    if (!wasPaused && waiting < request.readableHighWaterMark) socket.resume();
    return undefined;
  }
  const first = waiting === 0 ? Buffer.alloc(0) : (request.read(waiting) as Buffer);
  return { connection: socket, first, left, giveBack: (read) => giveBack(request, permitReading, read) };
}

function giveBack(request: UploadRequest, permitReading: () => void, read: number): void {
  const { socket } = request;
  permitReading();
  if (socket.destroyed) return;
  // Bytes that node:http has read meanwhile would have been missed by the pump.
  if (request.waitingBytes > 0 || !skipBody(socket, read)) socket.destroy();
  else if (request.complete) request.resume();
  else socket.resume();
}
