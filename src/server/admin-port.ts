/**
 * The admin port for operators: `GET /metrics`, separate from uploads so that it can stay private. Only known host names are
 * allowed, to prevent DNS rebinding by web pages.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isAdminHost } from './admin-hosts.ts';

/** Limits that scrapers do not reach, in milliseconds and bytes. */
const REQUEST_MILLIS = 10_000;
const IDLE_MILLIS = 75_000;
const HEADER_BYTES = 8 * 1024;

const FORBIDDEN_HOST = 'Unknown host name. Use the IP address, or add the name to metrics.allowed_hosts.\n';

export interface Exposition {
  readonly contentType: string;
  readonly body: string | Uint8Array;
}

export interface AdminPort {
  readonly host: string;
  readonly port: number;
  close(): Promise<void>;
}

export interface AdminPortOptions {
  readonly host: string;
  readonly port: number;
  /** Allowed names in Host, in addition to IP addresses, `localhost` and `host`. */
  readonly allowedHosts: readonly string[];
  /** Maximum number of connections. */
  readonly connections: number;
  /** Renders the metrics in a format that matches the Accept header. */
  readonly render: (accept: string) => Exposition;
}

export async function openAdminPort(options: AdminPortOptions): Promise<AdminPort> {
  const limits = {
    headersTimeout: REQUEST_MILLIS,
    requestTimeout: REQUEST_MILLIS,
    connectionsCheckingInterval: REQUEST_MILLIS / 2,
    keepAliveTimeout: IDLE_MILLIS,
    maxHeaderSize: HEADER_BYTES,
  };
  const server = createServer(limits, (request, response) => respond(options, request, response));
  server.maxConnections = options.connections;
  server.timeout = IDLE_MILLIS; // for a client that does not read its response
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const bound = server.address() as AddressInfo;
  return {
    host: bound.address,
    port: bound.port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function respond(options: AdminPortOptions, request: IncomingMessage, response: ServerResponse): void {
  const refusal = refusalOf(options, request);
  if (refusal === undefined) {
    const { contentType, body } = options.render(request.headers.accept ?? '');
    response.writeHead(200, { 'content-type': contentType }).end(body);
  } else {
    const allow = refusal.status === 405 ? { allow: 'GET, HEAD' } : {};
    response.writeHead(refusal.status, { 'content-type': 'text/plain', ...allow }).end(refusal.text);
  }
}

/** 421: RFC 9110, section 15.5.20. */
function refusalOf({ host, allowedHosts }: AdminPortOptions, { headers, url, method }: IncomingMessage) {
  if (!isAdminHost(headers.host, [host, ...allowedHosts])) return { status: 421, text: FORBIDDEN_HOST };
  if (url?.split('?', 1)[0] !== '/metrics')
    return { status: 404, text: 'Not found. The admin port serves only /metrics.\n' };
  if (method !== 'GET' && method !== 'HEAD') return { status: 405, text: 'Method not allowed. Use GET or HEAD.\n' };
  return undefined;
}
