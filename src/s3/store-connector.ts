/**
 * How connections to a store are opened, and how they end: an aborted one is reset, not closed. Some stores treat an orderly
 * close as the end of the body, and store an incomplete object (versitygw 1.8.0, with and without TLS). A reset is unambiguous. On Linux
 * the system also resets them when the process is killed.
 */
import type { Socket } from 'node:net';
import { buildConnector } from 'undici';
import { resetOnClose } from '../kernel/reset-on-close.ts';
import { namingFailures } from '../kit/connection-error.ts';
import { ConnectionTimer, connecting } from '../kit/connection-timing.ts';

/**
 * HTTP/1.1 only: what S3 speaks.
 * @param timeoutMillis for the connection, and once more for the TLS handshake.
 * @param ca PEM of the authorities to trust instead of the public ones.
 */
export function storeConnector(timeoutMillis: number, ca?: string): buildConnector.connector {
  const connect = buildConnector({ timeout: timeoutMillis, allowH2: false, ...(ca === undefined ? {} : { ca }) });
  return namingFailures((options, callback) => {
    const tls = options.protocol === 'https:';
    const timer = new ConnectionTimer(options.hostname);
    const finish: buildConnector.Callback = (...[error, socket]) => {
      timer.end(error ?? socket);
      if (error === null) callback(null, socket);
      else callback(error, null);
    };
    const tcp = { ...options, protocol: 'http:', port: options.port || (tls ? '443' : '80') };
    // TLS uses a socket that is opened here: one that node:tls opens itself cannot be reset.
    const opening = connecting(connect, tcp, (error, socket) => {
      if (error !== null) return finish(error, null);
      resetOnDestroy(socket);
      resetOnClose(socket);
      if (!tls) return finish(null, socket);
      timer.beginTls();
      connect({ ...options, httpSocket: socket }, finish);
    });
    timer.watch(opening);
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
