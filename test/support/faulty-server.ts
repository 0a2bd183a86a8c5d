/** Servers on real sockets that behave as no collector should. */

import type { AddressInfo } from 'node:net';
import { createServer, type Server, type Socket } from 'node:net';

export interface FaultyServer {
  readonly endpoint: string;
  readonly port: number;
  /** How many connections were made to it. */
  readonly connections: number;
  close(): Promise<void>;
}

/** @param behave with each connection. */
export async function faultyServer(behave: (socket: Socket) => void, port = 0): Promise<FaultyServer> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const server: Server = createServer((socket) => {
    connections++;
    sockets.add(socket);
    socket.on('error', () => {}); // the exporter hung up
    socket.once('close', () => sockets.delete(socket));
    behave(socket);
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
  const bound = (server.address() as AddressInfo).port;
  return {
    endpoint: `http://127.0.0.1:${bound}`,
    port: bound,
    get connections() {
      return connections;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A port on which nobody listens. */
export async function deadEndpoint(): Promise<string> {
  const server = await faultyServer(() => {});
  await server.close();
  return server.endpoint;
}

/** Accepts, reads, and never says a word. */
export const hang = (socket: Socket): void => void socket.resume();

/** Closes the connection with a reset as soon as something arrives. */
export const reset = (socket: Socket): void => void socket.once('data', () => socket.resetAndDestroy());

/** Answers with what no protocol is. */
export const garbage = (socket: Socket): void => void socket.once('data', () => socket.end('\x00\xffgarbage\r\n\r\n'));

/** Answers in time, and then sends the body so slowly that it never ends. */
export function trickle(socket: Socket): void {
  socket.once('data', () => {
    socket.write('HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 100000\r\n\r\n');
    const timer = setInterval(() => socket.write('x'), 20);
    socket.once('close', () => clearInterval(timer));
  });
}

/** Answers with 400 MB. */
export function flood(socket: Socket): void {
  const piece = Buffer.alloc(1024 * 1024, 'x');
  let left = 400;
  const send = (): void => {
    while (left-- > 0) if (!socket.write(piece)) return;
  };
  socket.once('data', () => {
    socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${left * piece.length}\r\n\r\n`);
    socket.on('drain', send);
    send();
  });
}
