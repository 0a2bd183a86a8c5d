/**
 * Preloaded into a process that has `REPORT_MEMORY` among its arguments: reports over HTTP how much memory it holds after a
 * collection, and how many bytes the open sockets have read. A line like those of the log has the address.
 */
import { subscribe } from 'node:diagnostics_channel';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** The response at `/sockets`, which costs no collection. */
export interface OpenSockets {
  /** Bytes. */
  readonly read: number;
  readonly sockets: number;
}

export interface HeldMemory extends OpenSockets {
  /** Bytes of objects and of buffers. */
  readonly held: number;
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
  response
    .setHeader('connection', 'close')
    .end(JSON.stringify(request.url === '/sockets' ? openSockets() : heldMemory()));
});

function heldMemory(): HeldMemory {
  gc!();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return { held: heapUsed + arrayBuffers, ...openSockets() };
}

function openSockets(): OpenSockets {
  let read = 0;
  for (const { bytesRead } of sockets) read += bytesRead;
  return { read, sockets: sockets.size };
}

server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  console.log(JSON.stringify({ msg: 'memory', url: `http://127.0.0.1:${port}` }));
});
server.unref();
