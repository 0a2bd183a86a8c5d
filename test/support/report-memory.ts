/**
 * Preloaded with --import into a process that has --expose-gc: reports over HTTP how much memory it holds after a
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

/** V8 frees the buffers that a collection left behind beside the program, and the next collection waits for that. */
function heldMemory(): HeldMemory {
  let held = afterCollection();
  for (let again = afterCollection(); ; again = afterCollection()) {
    if (again > held * 0.99) return { held: again, ...openSockets() };
    held = again;
  }
}

/** Bytes. */
function afterCollection(): number {
  gc!();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
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
