/** A server that sends frames of HTTP/2 by hand (RFC 9113), so that it can break any rule between any two of them. */

import type { Socket } from 'node:net';
import { type FaultyServer, faultyServer } from './faulty-server.ts';

export const FRAME = { data: 0, headers: 1, reset: 3, settings: 4, ping: 6, goaway: 7, windowUpdate: 8 } as const;
export const END_STREAM = 1;
export const END_HEADERS = 4;
export const ACK = 1;

export function frame(type: number, flags: number, stream: number, payload: Uint8Array = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** Literal fields without indexing and without Huffman codes (RFC 7541, section 6.2.2). */
export function fields(headers: Readonly<Record<string, string>>): Buffer {
  const text = (value: string): Buffer => Buffer.concat([Buffer.from([value.length]), Buffer.from(value, 'latin1')]);
  return Buffer.concat(Object.entries(headers).flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)]));
}

export function uint32(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [i, value] of values.entries()) bytes.writeUInt32BE(value, 4 * i);
  return bytes;
}

export function setting(identifier: number, value: number): Buffer {
  const bytes = Buffer.alloc(6);
  bytes.writeUInt16BE(identifier, 0);
  bytes.writeUInt32BE(value, 2);
  return bytes;
}

export interface ReceivedFrame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

const PREFACE = 24;
const HEAD = 9;

/** @param opened called with each connection. @param received called with each frame. */
export function frameServer(
  opened: (socket: Socket) => void,
  received: (frame: ReceivedFrame, socket: Socket) => void,
): Promise<FaultyServer> {
  return faultyServer((socket) => {
    socket.setNoDelay();
    let buffered: Buffer = Buffer.alloc(0);
    let skipped = false;
    socket.on('data', (chunk: Buffer) => {
      buffered = Buffer.concat([buffered, chunk]);
      if (!skipped && buffered.length >= PREFACE) {
        skipped = true;
        buffered = buffered.subarray(PREFACE);
      }
      while (skipped && buffered.length >= HEAD && buffered.length >= HEAD + buffered.readUIntBE(0, 3)) {
        const end = HEAD + buffered.readUIntBE(0, 3);
        const [type, flags] = [buffered.readUInt8(3), buffered.readUInt8(4)];
        received({ type, flags, stream: buffered.readUInt32BE(5), payload: buffered.subarray(HEAD, end) }, socket);
        buffered = buffered.subarray(end);
      }
    });
    opened(socket);
  });
}
