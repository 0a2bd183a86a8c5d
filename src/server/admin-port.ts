/**
 * The admin port for operators: `GET /metrics` and probes, separate from uploads so that it can stay private, and reachable for a
 * kubelet where uploads need a client certificate or a PROXY protocol header. Only known host names may read metrics, to prevent
 * DNS rebinding by web pages.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isAdminHost } from './admin-hosts.ts';
import { isProbe, type Probes, respondToProbe } from './probes.ts';

/** Limits that scrapers do not reach, in milliseconds and bytes. */
const REQUEST_MILLIS = 10_000;
const IDLE_MILLIS = 75_000;
const HEADER_BYTES = 8 * 1024;

const FORBIDDEN_HOST =
  'Unknown host name. Use the IP address, or add the name to admin.allowed_hosts (alias: metrics.allowed_hosts).\n';

const RELOAD = '/-/reload';
const NOT_FOUND = 'Not found. The admin port serves /metrics, /health, /startup and /ready.\n';
const NO_RELOAD = 'Not found. Reloads by HTTP are disabled; set admin.reload to true, or send SIGHUP.\n';
const NO_METRICS = 'Not found. Metrics are disabled; set metrics.enabled to true.\n';

export interface Exposition {
  readonly contentType: string;
  readonly body: string | Uint8Array;
}

/** Reads the configuration again, or only shows what would change. Never rejects. */
export type AdminReload = (isDryRun: boolean) => Promise<{ readonly status: number; readonly document: object }>;

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
  readonly probes: Probes;
  /** Undefined where it is disabled. */
  readonly reload: AdminReload | undefined;
  /** Renders the metrics in a format that matches the Accept header; undefined where they are disabled. */
  readonly render: ((accept: string) => Exposition | Promise<Exposition>) | undefined;
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
  if (refusal !== undefined) {
    const allow = refusal.allow === undefined ? {} : { allow: refusal.allow };
    response.writeHead(refusal.status, { 'content-type': 'text/plain', ...allow }).end(refusal.text);
  } else if (pathOf(request) === RELOAD)
    respondToReload(options.reload!, request, response).catch(() => response.destroy());
  else if (!respondToProbe(options.probes, request, response))
    respondToScrape(options.render!, request, response).catch(() => response.destroy());
}

async function respondToScrape(
  render: NonNullable<AdminPortOptions['render']>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { contentType, body } = await render(request.headers.accept ?? '');
  response.writeHead(200, { 'content-type': contentType }).end(body);
}

const pathOf = ({ url }: IncomingMessage): string => url?.split('?', 1)[0] ?? '';

interface Refusal {
  readonly status: number;
  readonly text: string;
  readonly allow?: string;
}

/** 421: RFC 9110, section 15.5.20. */
function refusalOf(
  { host, allowedHosts, render, reload }: AdminPortOptions,
  request: IncomingMessage,
): Refusal | undefined {
  const { headers, url, method } = request;
  if (!isAdminHost(headers.host, [host, ...allowedHosts])) return { status: 421, text: FORBIDDEN_HOST };
  const path = pathOf(request);
  if (path === RELOAD) return reload === undefined ? { status: 404, text: NO_RELOAD } : refusalOfReload(request);
  if (path === '/metrics' && render === undefined) return { status: 404, text: NO_METRICS };
  if (path !== '/metrics' && !isProbe(url)) return { status: 404, text: NOT_FOUND };
  if (method !== 'GET' && method !== 'HEAD')
    return { status: 405, text: 'Method not allowed. Use GET or HEAD.\n', allow: 'GET, HEAD' };
  return undefined;
}

/** A web page could send it from the browser of an operator. */
function refusalOfReload({ method, headers }: IncomingMessage): Refusal | undefined {
  if (method !== 'POST') return { status: 405, text: 'Method not allowed. Use POST.\n', allow: 'POST' };
  if (headers.origin !== undefined) return { status: 403, text: 'Forbidden. A web page cannot reload a gateway.\n' };
  return undefined;
}

/** `?dry_run` only shows what would change. */
async function respondToReload(reload: AdminReload, request: IncomingMessage, response: ServerResponse): Promise<void> {
  request.resume();
  const { status, document } = await reload(new URL(request.url!, 'http://admin').searchParams.has('dry_run'));
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(document)}\n`);
}
