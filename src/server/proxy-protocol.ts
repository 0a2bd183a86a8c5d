/**
 * What stands before HTTP and TLS on the upload port: the PROXY protocol, read from trusted peers and from nobody else.
 * A trusted peer must send the header; whoever is not trusted is a direct client, and a header of its own is bad HTTP.
 */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { FIXED_LIMITS } from '../domain/fixed-limits.ts';
import type { AddressSet } from '../kit/address-set.ts';
import { LONGEST_HEADER, type ProxyHeader, parseProxyHeader } from './proxy-header.ts';
import type { RefusedConnection } from './refused-connection.ts';

const PATIENCE_MILLIS = FIXED_LIMITS.proxy_header_seconds * 1000;

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
  /** The same by the TCP socket, which is asked when the connection has no addresses any more. */
  const named = new WeakMap<Connection, string>();
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
        named.set(socket, outcome.source);
        socket.once('close', () => sources.delete(name));
      }
      admit(socket);
    });
  });
  return {
    sourceOf: (socket) => named.get(socket) ?? sources.get(nameOf(socket)),
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
  // One buffer for all pieces: to join them anew with each one would take quadratic time where they are single bytes.
  const held = Buffer.allocUnsafe(LONGEST_HEADER);
  let length = 0;
  const finish = (outcome: Outcome): void => {
    clearTimeout(timer);
    socket.off('readable', take).off('end', end).off('close', end).off('error', end);
    done(outcome);
  };
  const end = (): void => finish(length === 0 ? 'gone' : 'proxy_header_malformed');
  const take = (): void => {
    const bytes = socket.read() as Buffer | null;
    if (bytes === null) return;
    const before = length;
    length += bytes.copy(held, before);
    const header = parseProxyHeader(held.subarray(0, length));
    if (header === 'more') return;
    const rest = header === 'malformed' ? bytes : bytes.subarray(header.length - before);
    if (header !== 'malformed' && rest.length > 0) socket.unshift(rest);
    finish(header === 'malformed' ? 'proxy_header_malformed' : header);
  };
  const timer = setTimeout(() => finish('proxy_header_timeout'), PATIENCE_MILLIS);
  socket.on('readable', take).on('end', end).on('close', end).on('error', end);
}
