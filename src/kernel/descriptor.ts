/** The descriptor of a connection, which node:net does not publish. */
import type { Socket } from 'node:net';

interface WithHandle {
  readonly _handle?: { readonly fd?: number } | null;
}

/** Undefined for a connection without one: closed, on another system than POSIX, or not of node:net. */
export function descriptorOf(connection: Socket): number | undefined {
  const fd = (connection as unknown as WithHandle)._handle?.fd;
  return fd !== undefined && fd >= 0 ? fd : undefined;
}
