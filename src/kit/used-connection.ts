/**
 * The connection of a request, which undici tells on a diagnostics channel only: in the same turn in which it starts the request. The
 * subscription lasts for that turn, so that other users of undici in this process do not notice it.
 */
import { channel } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import type { ConnectionFailed } from './connection-error.ts';
import { type ConnectionTiming, timingOf } from './connection-timing.ts';

export interface UsedConnection {
  readonly address: string | undefined;
  readonly port: number | undefined;
  /** Whether an earlier request has used it. */
  readonly isReused: boolean;
  /** Of a new connection. */
  readonly timing: ConnectionTiming | undefined;
}

const SENDING = channel('undici:client:sendHeaders');

/** @param take gets the connection of the request that is being started. @returns ends the subscription. */
export function onConnection(take: (connection: UsedConnection) => void): () => void {
  const end = (): void => void SENDING.unsubscribe(onSending);
  const onSending = (message: unknown): void => {
    end();
    const { socket } = message as { socket: Socket };
    const isReused = socket.bytesWritten > 0;
    const { remoteAddress: address, remotePort: port } = socket;
    take({ address, port, isReused, timing: isReused ? undefined : timingOf(socket) });
  };
  SENDING.subscribe(onSending);
  return end;
}

/** A new connection that was not established. */
export function failedConnection({ cause }: ConnectionFailed): UsedConnection {
  return { address: undefined, port: undefined, isReused: false, timing: timingOf(cause as Error) };
}
