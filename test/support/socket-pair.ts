/** Two ends of a TCP connection over the loopback interface. The accepted end is not read. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface SocketPair {
  readonly near: Socket;
  /** Paused: only its descriptor is used. */
  readonly far: Socket;
  close(): void;
}

export async function socketPair(): Promise<SocketPair> {
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const near = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', allowHalfOpen: true });
  const [far] = await accepted;
  await (near.connecting ? once(near, 'connect') : undefined);
  server.close();
  for (const socket of [near, far]) socket.on('error', () => {});
  return {
    near,
    far,
    close() {
      near.destroy();
      far.destroy();
    },
  };
}
