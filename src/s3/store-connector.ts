/**
 * How connections to a store are made, and how they end: one that is given up is reset, not closed. Where an upload broke
 * off, some stores take an orderly end of the connection for the end of the body and keep what they have as the object
 * (versitygw 1.8.0 does); a reset cannot be misread. A TLS connection says it by itself: it ends without close_notify.
 */
import { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { buildConnector } from 'undici';

/** HTTP/1.1 only: what S3 speaks. */
export function storeConnector(timeoutMillis: number): buildConnector.connector {
  const connect = buildConnector({ timeout: timeoutMillis, allowH2: false });
  return (options, callback) =>
    connect(options, (...made) => {
      const [, socket] = made;
      if (socket instanceof Socket && !(socket instanceof TLSSocket)) resetOnDestroy(socket);
      callback(...made);
    });
}

/** `resetAndDestroy` calls `destroy` in its turn, without the error. */
function resetOnDestroy(socket: Socket): void {
  const destroy = socket.destroy;
  let cause: Error | undefined;
  let resetting = false;
  socket.destroy = (error) => {
    if (resetting || socket.destroyed) return destroy.call(socket, error ?? cause);
    resetting = true;
    cause = error;
    return socket.resetAndDestroy();
  };
}
