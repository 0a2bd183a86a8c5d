/**
 * How connections to a store are made, and how they end: one that is given up is reset, not closed. Where an upload broke
 * off, some stores take an orderly end of the connection for the end of the body and keep what they have as the object
 * (versitygw 1.8.0 does, with TLS and without); a reset cannot be misread.
 */
import type { Socket } from 'node:net';
import { buildConnector } from 'undici';

/**
 * HTTP/1.1 only: what S3 speaks.
 * @param timeoutMillis for the connection, and once more for the TLS handshake.
 * @param ca PEM of the authorities to trust instead of the public ones.
 */
export function storeConnector(timeoutMillis: number, ca?: string): buildConnector.connector {
  const connect = buildConnector({ timeout: timeoutMillis, allowH2: false, ...(ca === undefined ? {} : { ca }) });
  return (options, callback) => {
    const tls = options.protocol === 'https:';
    // TLS goes over a socket of ours: one that node:tls opens by itself cannot be reset.
    connect({ ...options, protocol: 'http:', port: options.port || (tls ? '443' : '80') }, (error, socket) => {
      if (error !== null) return callback(error, null);
      resetOnDestroy(socket);
      if (tls) connect({ ...options, httpSocket: socket }, callback);
      else callback(null, socket);
    });
  };
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
