/**
 * The server of the upload port, in the shape that the configuration asks for: HTTP or HTTPS, behind the PROXY protocol or
 * not, and how to find out who a connection's client is. Without any of it this is node:http's own server.
 */
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerOptions,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { FIXED_LIMITS } from '../domain/fixed-limits.ts';
import { type AddressSet, plainAddress } from '../kit/address-set.ts';
import type { Certificates } from './certificates.ts';
import { type Client, clientBehind, type ForwardedPolicy } from './forwarded.ts';
import { type Connection, guard } from './proxy-protocol.ts';
import type { ConnectionProblem, RefusedConnection } from './refused-connection.ts';
import { serveInTurn, type Turn } from './turn.ts';
import { UploadRequest } from './upload-request.ts';

const HANDSHAKE_MILLIS = FIXED_LIMITS.tls_handshake_seconds * 1000;

/** Milliseconds between two looks at the heads that have not arrived: so late may one be refused at most. */
const CHECK_MILLIS = 5_000;

export interface EdgeOptions {
  /** HTTPS instead of HTTP. */
  readonly certificates: Certificates | undefined;
  /** Peers that begin every connection with a header of the PROXY protocol. */
  readonly proxyProtocol: AddressSet | undefined;
  /** Proxies that speak HTTP, and say for whom. */
  readonly forwarded: ForwardedPolicy | undefined;
  readonly refused: RefusedConnection;
}

/** What a connection may take. */
export interface ConnectionLimits {
  /** Milliseconds in which the head of a request must arrive. */
  readonly headerMillis: number;
  /** Largest head, in bytes. */
  readonly headerBytes: number;
  /** How many there may be at once. */
  readonly connections: number;
}

export type ClientOf = (connection: Connection, headers: IncomingHttpHeaders) => Client;

export interface UploadPort {
  readonly server: Server;
  readonly clientOf: ClientOf;
  /** Whose turn it is in a connection. */
  readonly turnOf: (socket: Duplex) => Turn;
  /** How many are open, those that are not HTTP yet included. */
  readonly connections: number;
  /** Cuts the connections that are not HTTP yet: those that have still to name their client. */
  cutUnnamed(): void;
  /** Cuts all of them, handshakes included, which closeAllConnections of node:http does not know. */
  cutAll(): void;
}

export function openUploadPort(edge: EdgeOptions, limits: ConnectionLimits, timeouts: ServerOptions): UploadPort {
  const { certificates, proxyProtocol, forwarded, refused } = edge;
  const options: ServerOptions = {
    ...timeouts,
    headersTimeout: limits.headerMillis,
    connectionsCheckingInterval: Math.min(limits.headerMillis, CHECK_MILLIS),
    maxHeaderSize: limits.headerBytes,
    IncomingMessage: UploadRequest as unknown as typeof IncomingMessage,
  };
  const peers = new WeakMap<Socket, string>();
  const refusedByTls: RefusedByTls = (problem, socket, detail) => {
    const tcp = tcpSocketOf(socket);
    refused(problem, door?.sourceOf(tcp) ?? plainAddress(peers.get(tcp)), detail);
  };
  const server = certificates === undefined ? createServer(options) : tlsServer(certificates, options, refusedByTls);
  server.maxHeadersCount = 0; // what is more than 2,000 would be dropped without a word; their size is limited
  allowHalfOpen(server);
  server.maxConnections = limits.connections;
  server.on('drop', (peer) => refused('too_many_connections', peer?.remoteAddress));
  const turnOf = serveInTurn(server, certificates === undefined ? 'connection' : 'secureConnection');
  const door = proxyProtocol === undefined ? undefined : guard(server, proxyProtocol, refused);
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    if (certificates !== undefined && socket.remoteAddress !== undefined) peers.set(socket, socket.remoteAddress);
    socket.once('close', () => sockets.delete(socket));
  });
  const scheme = certificates === undefined ? 'http' : 'https';
  return {
    server,
    turnOf,
    clientOf(socket, headers) {
      const address = door?.sourceOf(socket) ?? plainAddress(socket.remoteAddress);
      const nearest: Client = { address, scheme };
      return forwarded === undefined ? nearest : clientBehind(nearest, headers, forwarded);
    },
    get connections() {
      return sockets.size;
    },
    cutUnnamed: () => door?.close(),
    cutAll() {
      for (const socket of sockets) socket.destroy();
    },
  };
}

/**
 * A client that has sent the whole of its request may end its side, and still gets its response; node:http's types do not know of it.
 * TLS only from the end of the handshake on: a peer that leaves before has left.
 */
function allowHalfOpen(server: Server & { httpAllowHalfOpen?: boolean }): void {
  server.httpAllowHalfOpen = true;
  server.on('secureConnection', (socket: TLSSocket) => {
    socket.allowHalfOpen = true;
  });
}

type RefusedByTls = (problem: ConnectionProblem, socket: TLSSocket, detail: string | undefined) => void;

function tlsServer(certificates: Certificates, options: ServerOptions, refused: RefusedByTls): Server {
  const client = { requestCert: certificates.asksClients, rejectUnauthorized: certificates.asksClients };
  const material = certificates.attach((fresh) => server.setSecureContext(fresh));
  const server = createTlsServer({
    ...options,
    ...material,
    ...client,
    ALPNProtocols: ['http/1.1'],
    handshakeTimeout: HANDSHAKE_MILLIS,
  });
  // node:https hands these on as errors of HTTP, and they would be answered as such.
  server.removeAllListeners('tlsClientError');
  server.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
    socket.destroy();
    // A certificate that is refused is known to the socket only; the error is then that of a connection that went.
    const certificate = socket.authorizationError as unknown as string | undefined;
    const problem = certificate ? 'client_certificate' : problemOf(error);
    if (problem !== undefined) refused(problem, socket, certificate || error.code);
  });
  return server as unknown as Server;
}

/**
 * The TCP socket below a TLS socket. A refused TLS socket is reported when it is closed and has no address any more, and node:tls
 * has no public way from it to the socket of the event `connection`. A test notices if this one is no more; then the peer is unknown.
 */
function tcpSocketOf(socket: TLSSocket): Socket {
  return (socket as TLSSocket & { readonly _parent?: Socket })._parent ?? socket;
}

/** Undefined for a peer that went without a word, as balancers do that only ask whether the port is open. */
function problemOf({ code }: NodeJS.ErrnoException): ConnectionProblem | undefined {
  if (code === 'ECONNRESET') return undefined;
  if (code === 'ERR_SSL_HTTP_REQUEST') return 'plain_http';
  if (code === 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE') return 'client_certificate';
  return code === 'ERR_TLS_HANDSHAKE_TIMEOUT' ? 'tls_handshake_timeout' : 'tls_handshake';
}
