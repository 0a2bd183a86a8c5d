/**
 * Creates the server of the upload port: HTTP or HTTPS, with or without the PROXY protocol, and with the lookup of the client
 * address. Without these options it is a plain node:http server.
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
import { acceptProxyProtocol, type Connection } from './proxy-protocol.ts';
import type { ConnectionProblem, RefusedConnection } from './refused-connection.ts';
import { serveInTurn, type Turn } from './turn.ts';
import { UploadRequest } from './upload-request.ts';

const HANDSHAKE_MILLIS = FIXED_LIMITS.tls_handshake_seconds * 1000;

/** Milliseconds between checks for header timeouts: the maximum delay of a timeout. */
const CHECK_MILLIS = 5_000;

export interface EdgeOptions {
  /** HTTPS instead of HTTP. */
  readonly certificates: Certificates | undefined;
  /** Peers that start every connection with a PROXY protocol header. */
  readonly proxyProtocol: AddressSet | undefined;
  /** Trusted HTTP proxies. */
  readonly forwarded: ForwardedPolicy | undefined;
  readonly refused: RefusedConnection;
}

/** Limits of connections. */
export interface ConnectionLimits {
  /** Timeout of the request headers, in milliseconds. */
  readonly headerMillis: number;
  /** Maximum size of the request line and headers, in bytes. */
  readonly headerBytes: number;
  /** Maximum number of connections. */
  readonly connections: number;
}

export type ClientOf = (connection: Connection, headers: IncomingHttpHeaders) => Client;

export interface UploadPort {
  readonly server: Server;
  readonly clientOf: ClientOf;
  /** The turn of a connection. */
  readonly turnOf: (socket: Duplex) => Turn;
  /** The number of open connections, including those before HTTP. */
  readonly connections: number;
  /** Closes connections that have not sent their PROXY protocol header. */
  closePending(): void;
  /** Destroys all connections, also during the TLS handshake, unlike closeAllConnections of node:http. */
  destroyAll(): void;
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
    refused(problem, proxies?.sourceOf(tcp) ?? plainAddress(peers.get(tcp)), detail);
  };
  const server = certificates === undefined ? createServer(options) : tlsServer(certificates, options, refusedByTls);
  server.maxHeadersCount = 0; // more than 2,000 headers would be dropped silently; maxHeaderSize limits them
  allowHalfOpen(server);
  server.maxConnections = limits.connections;
  // Otherwise several workers would pass a connection beyond their limits to each other without end.
  (server as Server & { dropMaxConnection?: boolean }).dropMaxConnection = true;
  server.on('drop', (peer) => refused('too_many_connections', peer?.remoteAddress));
  const turnOf = serveInTurn(server, certificates === undefined ? 'connection' : 'secureConnection');
  const proxies = proxyProtocol === undefined ? undefined : acceptProxyProtocol(server, proxyProtocol, refused);
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
      const address = proxies?.sourceOf(socket) ?? plainAddress(socket.remoteAddress);
      const nearest: Client = { address, scheme };
      return forwarded === undefined ? nearest : clientBehind(nearest, headers, forwarded);
    },
    get connections() {
      return sockets.size;
    },
    closePending: () => proxies?.close(),
    destroyAll() {
      for (const socket of sockets) socket.destroy();
    },
  };
}

/**
 * A client may half-close the connection after its request and still gets the response. The types of node:http lack this option.
 * With TLS it applies after the handshake; before it, the peer has disconnected.
 */
function allowHalfOpen(server: Server & { httpAllowHalfOpen?: boolean }): void {
  server.httpAllowHalfOpen = true;
  server.on('secureConnection', (socket: TLSSocket) => {
    socket.allowHalfOpen = true;
  });
}

type RefusedByTls = (problem: ConnectionProblem, socket: TLSSocket, detail: string | undefined) => void;

function tlsServer(certificates: Certificates, options: ServerOptions, refused: RefusedByTls): Server {
  const client = {
    requestCert: certificates.requiresClientCertificate,
    rejectUnauthorized: certificates.requiresClientCertificate,
  };
  const material = certificates.attach((fresh) => server.setSecureContext(fresh));
  const server = createTlsServer({
    ...options,
    ...material,
    ...client,
    ALPNProtocols: ['http/1.1'],
    handshakeTimeout: HANDSHAKE_MILLIS,
  });
  // node:https forwards these as clientError, and they would get an HTTP response.
  server.removeAllListeners('tlsClientError');
  server.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
    socket.destroy();
    // Only the socket knows that a certificate was rejected; the error is then that of a closed connection.
    const certificate = socket.authorizationError as unknown as string | undefined;
    const problem = certificate ? 'client_certificate' : problemOf(error);
    if (problem !== undefined) refused(problem, socket, certificate || error.code);
  });
  return server as unknown as Server;
}

/**
 * The TCP socket of a TLS socket. A rejected TLS socket is reported after it is closed and has no address, and node:tls has no
 * public API for its TCP socket. A test detects if this internal property disappears; the peer is then unknown.
 */
function tcpSocketOf(socket: TLSSocket): Socket {
  return (socket as TLSSocket & { readonly _parent?: Socket })._parent ?? socket;
}

/** Undefined for a peer that closes without sending, like the TCP probes of load balancers. */
function problemOf({ code }: NodeJS.ErrnoException): ConnectionProblem | undefined {
  if (code === 'ECONNRESET') return undefined;
  if (code === 'ERR_SSL_HTTP_REQUEST') return 'plain_http';
  if (code === 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE') return 'client_certificate';
  return code === 'ERR_TLS_HANDSHAKE_TIMEOUT' ? 'tls_handshake_timeout' : 'tls_handshake';
}
