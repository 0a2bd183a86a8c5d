/**
 * What stands before HTTP and TLS on the upload port: the PROXY protocol, read from trusted peers and from nobody else.
 * A trusted peer must send the header; whoever is not trusted is a direct client, and a header of its own is bad HTTP.
 */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { AddressSet } from '../kit/address-set.ts';
import { BoundedBuffer } from '../kit/bounded-buffer.ts';
import { type ProxyHeader, parseProxyHeader } from './proxy-header.ts';
import type { RefusedConnection } from './refused-connection.ts';

/** Milliseconds in which the header must be there; a lost packet is sent again within 3 s (proxy-protocol.txt, 2). */
const PATIENCE_MILLIS = 5_000;

/** Most bytes that are held: a header has 4 KiB at most, and one read of the socket 64 KiB. */
const MAX_HELD = 128 * 1024;

/** What names one connection among those of the port. */
export interface Connection {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
}

export interface FrontDoor {
  /** The client that the proxy named for this connection; undefined where there is no proxy, or it named none. */
  sourceOf(connection: Connection): string | undefined;
  /** Cuts the connections that have not said who they are. */
  close(): void;
}

/** Takes the place of the server's own listeners for connections, and calls them when a connection may go on. */
export function guard(server: Server, trusted: AddressSet, refused: RefusedConnection): FrontDoor {
  const sources = new Map<string, string>();
  const waiting = new Set<Socket>();
  const listeners = server.listeners('connection');
  const admit = (socket: Socket): void => {
    for (const listener of listeners) listener.call(server, socket);
  };
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => {
    const peer = socket.remoteAddress;
    if (!trusted.has(peer)) return admit(socket);
    const name = nameOf(socket);
    waiting.add(socket);
    readProxyHeader(socket, (outcome) => {
      waiting.delete(socket);
      if (typeof outcome === 'string') {
        socket.destroy();
        if (outcome !== 'gone') refused(outcome, peer);
        return;
      }
      if (outcome.source !== undefined) {
        sources.set(name, outcome.source);
        socket.once('close', () => sources.delete(name));
      }
      admit(socket);
    });
  });
  return {
    sourceOf: (socket) => sources.get(nameOf(socket)),
    close() {
      for (const socket of waiting) socket.destroy();
    },
  };
}

/** A TLS socket does not tell which socket it lies on, but it has the same peer, and no two connections of a port have. */
const nameOf = ({ remoteAddress, remotePort }: Connection): string => `${remoteAddress} ${remotePort}`;

type Outcome = ProxyHeader | 'proxy_header_malformed' | 'proxy_header_timeout' | 'gone';

/** Leaves the bytes after the header in the socket. A peer that goes without a word is only `gone`: balancers probe so. */
function readProxyHeader(socket: Socket, done: (outcome: Outcome) => void): void {
  const held = new BoundedBuffer(MAX_HELD);
  const finish = (outcome: Outcome): void => {
    clearTimeout(timer);
    socket.off('readable', take).off('end', end).off('close', end).off('error', end);
    done(outcome);
  };
  const end = (): void => finish(held.length === 0 ? 'gone' : 'proxy_header_malformed');
  const take = (): void => {
    const bytes = socket.read() as Buffer | null;
    if (bytes === null) return;
    const header = held.add(bytes) ? parseProxyHeader(held.bytes) : 'malformed';
    if (header === 'more') return;
    if (header !== 'malformed' && held.length > header.length) socket.unshift(held.bytes.subarray(header.length));
    finish(header === 'malformed' ? 'proxy_header_malformed' : header);
  };
  const timer = setTimeout(() => finish('proxy_header_timeout'), PATIENCE_MILLIS);
  socket.on('readable', take).on('end', end).on('close', end).on('error', end);
}
