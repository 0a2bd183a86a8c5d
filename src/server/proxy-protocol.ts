/**
 * The PROXY protocol on the upload port, which precedes TLS and HTTP. It is read only from trusted peers, which must send its
 * header. Any other peer is a direct client, and its header is a malformed HTTP request.
 */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { FIXED_LIMITS } from '../domain/fixed-limits.ts';
import type { AddressSet } from '../kit/address-set.ts';
import { LONGEST_HEADER, type ProxyHeader, parseProxyHeader } from './proxy-header.ts';
import type { RefusedConnection } from './refused-connection.ts';

const TIMEOUT_MILLIS = FIXED_LIMITS.proxy_header_seconds * 1000;

/** Identifies a connection of the port. */
export interface Connection {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
}

export interface ProxyProtocol {
  /** The client address from the proxy; undefined without a proxy, or if it sent none. */
  sourceOf(connection: Connection): string | undefined;
  /** Closes connections that have not sent their header. */
  close(): void;
}

/** Replaces the server's connection listeners, and calls them after the header has been read. */
export function acceptProxyProtocol(server: Server, trusted: AddressSet, refused: RefusedConnection): ProxyProtocol {
  const sources = new Map<string, string>();
  /** The same by TCP socket, for connections that no longer have addresses. */
  const bySocket = new WeakMap<Connection, string>();
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
        if (outcome !== 'closed') refused(outcome, peer);
        return;
      }
      if (outcome.source !== undefined) {
        sources.set(name, outcome.source);
        bySocket.set(socket, outcome.source);
        socket.once('close', () => sources.delete(name));
      }
      admit(socket);
    });
  });
  return {
    sourceOf: (socket) => bySocket.get(socket) ?? sources.get(nameOf(socket)),
    close() {
      for (const socket of waiting) socket.destroy();
    },
  };
}

/** A TLS socket does not expose its TCP socket, but has the same peer, which is unique for each connection. */
const nameOf = ({ remoteAddress, remotePort }: Connection): string => `${remoteAddress} ${remotePort}`;

type Outcome = ProxyHeader | 'proxy_header_malformed' | 'proxy_header_timeout' | 'closed';

/** Leaves the bytes after the header in the socket. A peer that closes without sending is only `closed`: load balancers probe like this. */
function readProxyHeader(socket: Socket, done: (outcome: Outcome) => void): void {
  // One buffer for all chunks: concatenating them for each chunk would take quadratic time for single bytes.
  const buffer = Buffer.allocUnsafe(LONGEST_HEADER);
  let length = 0;
  const finish = (outcome: Outcome): void => {
    clearTimeout(timer);
    socket.off('readable', read).off('end', end).off('close', end).off('error', end);
    done(outcome);
  };
  const end = (): void => finish(length === 0 ? 'closed' : 'proxy_header_malformed');
  const read = (): void => {
    const bytes = socket.read() as Buffer | null;
    if (bytes === null) return;
    const before = length;
    length += bytes.copy(buffer, before);
    const header = parseProxyHeader(buffer.subarray(0, length));
    if (header === 'more') return;
    const rest = header === 'malformed' ? bytes : bytes.subarray(header.length - before);
    if (header !== 'malformed' && rest.length > 0) socket.unshift(rest);
    finish(header === 'malformed' ? 'proxy_header_malformed' : header);
  };
  const timer = setTimeout(() => finish('proxy_header_timeout'), TIMEOUT_MILLIS);
  socket.on('readable', read).on('end', end).on('close', end).on('error', end);
}
