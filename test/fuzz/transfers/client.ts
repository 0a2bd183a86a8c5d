/** A client that sends uploads over one connection, in pieces and with pauses, and perhaps not all of the last one. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { seededRandom } from '../../../src/kit/seeded-random.ts';
import { ResponseReader } from './response-reader.ts';
import type { Transfer } from './transfer.ts';

export interface Outcome {
  readonly transfer: Transfer;
  /** Undefined without a response. */
  readonly status: number | undefined;
  /** Whether the client did all that a response needs: the connection was usable, and it sent everything or waited. */
  readonly isDue: boolean;
}

/** The client waits no longer for a response, or for the server to read. Far more than every timeout of the gateway. */
const LONGEST_MILLIS = 60_000;

/** Of one body. */
const MOST_PIECES = 500;
const MOST_PAUSES_MILLIS = 400;

/** Ends with the first transfer that ends early, or with the connection. */
export async function sendTransfers(port: number, bucket: string, transfers: readonly Transfer[]): Promise<Outcome[]> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
  const late = setTimeout(() => socket.destroy(), LONGEST_MILLIS);
  const reader = new ResponseReader(socket);
  try {
    const sent: { transfer: Transfer; isWhole: boolean }[] = [];
    for (const [index, transfer] of transfers.entries()) {
      if (reader.isClosed) break;
      const isWhole = await sendOne(socket, reader, index, bucket, transfer);
      sent.push({ transfer, isWhole });
      if (!isWhole) break;
      if (!transfer.isPipelined && ((await reader.response(index))?.isLast ?? true)) break;
    }
    return await outcomes(reader, sent);
  } finally {
    clearTimeout(late);
    socket.destroy();
  }
}

async function outcomes(reader: ResponseReader, sent: readonly { transfer: Transfer; isWhole: boolean }[]) {
  const list: Outcome[] = [];
  // A client that leaves also leaves the responses to the requests before.
  let isUsable = sent.every(({ isWhole }) => isWhole);
  for (const [index, { transfer, isWhole }] of sent.entries()) {
    const response = await reader.response(index);
    list.push({ transfer, status: response?.status, isDue: isUsable && isWhole });
    isUsable &&= response?.isLast === false;
  }
  return list;
}

/** @returns whether the client is still there. */
async function sendOne(
  socket: Socket,
  reader: ResponseReader,
  index: number,
  bucket: string,
  transfer: Transfer,
): Promise<boolean> {
  const { key, body, closes, end, expectsContinue } = transfer;
  const seen = reader.continues;
  const expect = expectsContinue ? { expect: '100-continue' } : {};
  const connection = closes ? { connection: 'close' } : {};
  const lines = Object.entries({ host: 'g', ...body.headers, ...expect, ...connection }).map(
    (pair) => `${pair.join(': ')}\r\n`,
  );
  const headers = Buffer.from(`PUT /${bucket}/${key} HTTP/1.1\r\n${lines.join('')}\r\n`);
  const bytes = body.bytes.subarray(0, end?.at);
  if (expectsContinue) {
    socket.write(headers);
    await reader.continued(seen, index);
    if (reader.count > index) return true; // refused, and without the body
    await sendBytes(socket, reader, transfer, bytes);
  } else await sendBytes(socket, reader, transfer, Buffer.concat([headers, bytes]));
  if (end?.how === 'closes') socket.end();
  if (end?.how === 'resets') socket.resetAndDestroy();
  return end === undefined || end.how === 'stalls';
}

/** Waits while the server does not read. */
async function sendBytes(socket: Socket, reader: ResponseReader, transfer: Transfer, bytes: Buffer): Promise<void> {
  const random = seededRandom(transfer.seed);
  const most = Math.max(transfer.pieceBytes, bytes.length / MOST_PIECES);
  let patience = MOST_PAUSES_MILLIS;
  const closed = once(socket, 'close').catch(() => {});
  for (let at = 0; at < bytes.length && !reader.isClosed && socket.writable; ) {
    const piece = bytes.subarray(at, at + 1 + Math.floor(random() * most));
    at += piece.length;
    const drained = socket.write(piece) || Promise.race([once(socket, 'drain').catch(() => {}), closed]);
    await drained;
    const millis = random() < transfer.pauses ? random() * 15 : 0;
    if (millis > 0 && (patience -= millis) > 0) await delay(millis);
  }
}
