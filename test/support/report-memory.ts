/**
 * Preloaded with --import into a process that has --expose-gc: tells over HTTP how much memory it holds after a
 * collection, and how many bytes the sockets that are open have read. Where, it says in a line like those of the log.
 */
import { subscribe } from 'node:diagnostics_channel';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export interface HeldMemory {
  /** Bytes of objects and of buffers. */
  readonly held: number;
  readonly read: number;
  /** How many sockets are open. */
  readonly sockets: number;
}

const sockets = new Set<Socket>();
const watch = (message: unknown): void => {
  const { socket } = message as { socket: Socket };
  sockets.add(socket);
  socket.once('close', () => sockets.delete(socket));
};
subscribe('net.server.socket', watch);
subscribe('net.client.socket', watch);

const server = createServer((request, response) => {
  sockets.delete(request.socket);
  response.setHeader('connection', 'close').end(JSON.stringify(report()));
});

function report(): HeldMemory {
  gc!();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  let read = 0;
  for (const { bytesRead } of sockets) read += bytesRead;
  return { held: heapUsed + arrayBuffers, read, sockets: sockets.size };
}

server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  console.log(JSON.stringify({ msg: 'memory', url: `http://127.0.0.1:${port}` }));
});
server.unref();
