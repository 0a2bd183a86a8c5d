/** Reads the bytes of a connection at its descriptor, like a pump: without the stream of Node.js. */
import { readSync } from 'node:fs';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** @returns up to `most` bytes: fewer if the connection ends or is reset before. */
export async function readDescriptor(connection: Socket, most: number): Promise<Buffer> {
  const { fd } = (connection as Socket & { _handle: { fd: number } })._handle;
  const bytes = Buffer.alloc(most);
  for (let at = 0; at < most; ) {
    const count = readNow(fd, bytes.subarray(at));
    if (count === 'ended') return bytes.subarray(0, at);
    if (count === 'empty') await delay(2);
    else at += count;
  }
  return bytes;
}

function readNow(fd: number, room: Buffer): number | 'empty' | 'ended' {
  try {
    return readSync(fd, room) || 'ended';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EAGAIN' ? 'empty' : 'ended';
  }
}
