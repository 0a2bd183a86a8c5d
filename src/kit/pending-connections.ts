/** Connections that are being established. Closing ends them: undici's pool would wait for their timeout. */
import type { Socket } from 'node:net';
import type { buildConnector } from 'undici';
import { connecting } from './connection-timing.ts';

export class PendingConnections {
  readonly #sockets = new Set<Socket>();

  /** The same connector, whose connections are known until they are established. */
  track(connect: buildConnector.connector): buildConnector.connector {
    return (options, callback) => {
      const socket = connecting(connect, options, (...[error, established]) => {
        this.#sockets.delete(socket);
        if (error === null) callback(null, established);
        else callback(error, null);
      });
      this.#sockets.add(socket);
      return socket;
    };
  }

  destroy(): void {
    for (const socket of this.#sockets) socket.destroy(new Error('the pool of connections was closed'));
  }
}
