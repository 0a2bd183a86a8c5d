/** The HTTP or HTTPS server of the admin port, with limits that its clients do not reach. */
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Certificates } from './certificates.ts';

/** In milliseconds and bytes. */
const REQUEST_MILLIS = 10_000;
const IDLE_MILLIS = 75_000;
const HEADER_BYTES = 8 * 1024;

const LIMITS = {
  headersTimeout: REQUEST_MILLIS,
  requestTimeout: REQUEST_MILLIS,
  connectionsCheckingInterval: REQUEST_MILLIS / 2,
  keepAliveTimeout: IDLE_MILLIS,
  maxHeaderSize: HEADER_BYTES,
};

export interface AdminServerOptions {
  readonly connections: number;
  readonly certificates: Certificates | undefined;
}

export interface AdminServer {
  readonly server: Server;
  /** Destroys all connections, also during the TLS handshake. */
  destroyAll(): void;
}

export function createAdminServer(
  { certificates, connections }: AdminServerOptions,
  respond: RequestListener,
): AdminServer {
  const server = certificates === undefined ? createServer(LIMITS, respond) : tlsServer(certificates, respond);
  server.maxConnections = connections;
  server.timeout = IDLE_MILLIS; // for a client that does not read its response
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  return {
    server,
    destroyAll() {
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Probes need no client certificate, so the handshake does not fail without one. */
function tlsServer(certificates: Certificates, respond: RequestListener): Server {
  const material = certificates.attach((fresh) => server.setSecureContext(fresh));
  const server = createTlsServer(
    {
      ...LIMITS,
      ...material,
      requestCert: certificates.requiresClientCertificate,
      rejectUnauthorized: false,
      ALPNProtocols: ['http/1.1'],
      handshakeTimeout: REQUEST_MILLIS,
    },
    respond,
  );
  return server as unknown as Server;
}
