/**
 * A connection that is reset whenever it closes, also if the process is killed. Some stores take an orderly close for the end of the body,
 * and store an incomplete object (versitygw 1.8.0).
 */
import type { Socket } from 'node:net';
import { descriptorOf } from './descriptor.ts';
import { Libc } from './libc.ts';

let libc: Libc | null | undefined;

/** Has no effect where it cannot be set: the connection is then reset only if this process closes it itself. */
export function resetOnClose(connection: Socket): void {
  if (libc === undefined) libc = openLibc();
  const fd = descriptorOf(connection);
  if (libc !== null && fd !== undefined) libc.setResetOnClose(fd, true);
}

function openLibc(): Libc | null {
  try {
    return Libc.open();
  } catch {
    return null;
  }
}
