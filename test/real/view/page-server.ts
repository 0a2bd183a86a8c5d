/** Serves the page with the documents of a source, and with the headers of the admin port. */
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname } from 'node:path';
import type { ViewSource } from '../../../src/view/sources.ts';

const PAGE = new URL('../../../dist/page/', import.meta.url);
const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";
const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
};
const EVENT_MILLIS = 500;

export interface PageServer {
  readonly origin: string;
  readonly port: number;
  close(): Promise<void>;
}

interface Options {
  readonly port?: number;
  readonly token?: string;
}

export async function servePage(source: ViewSource, { port = 0, token }: Options = {}): Promise<PageServer> {
  const server = createServer((request, response) => {
    response.setHeader('content-security-policy', CSP);
    void respond(source, token, request, response);
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const address = server.address() as AddressInfo;
  return { origin: `http://127.0.0.1:${address.port}`, port: address.port, close: () => close(server) };
}

function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  return closed;
}

async function respond(
  source: ViewSource,
  token: string | undefined,
  request: IncomingMessage,
  response: ServerResponse,
) {
  const path = request.url!;
  if (!path.startsWith('/api/')) return respondWithFile(path === '/' ? 'index.html' : path.slice(1), response);
  if (token !== undefined && request.headers.authorization !== `Bearer ${token}`) return response.writeHead(401).end();
  if (path === '/api/events') return sendEvents(source, response);
  const [, traceId] = /^\/api\/traces\/(\w+)$/.exec(path) ?? [];
  const text = traceId === undefined ? await documentOf(source, path) : await source.trace(traceId);
  if (text === undefined) response.writeHead(404, { 'content-type': 'text/plain' }).end('the reason, and what to do\n');
  else response.writeHead(200, { 'content-type': 'application/json' }).end(text);
}

async function documentOf(source: ViewSource, path: string): Promise<string | undefined> {
  if (path === '/api/view') return JSON.stringify(source.view());
  if (path === '/api/config') return JSON.stringify(await source.config());
  return undefined;
}

async function sendEvents(source: ViewSource, response: ServerResponse): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const mark = new Map<number, number>();
  const send = async (): Promise<void> => {
    const traces = await source.newTraces(mark);
    if (traces.requests.length > 0) write(response, 'traces', traces);
    write(response, 'uploads', await source.uploads());
    write(response, 'health', await source.health());
  };
  await send();
  const timer = setInterval(() => void send(), EVENT_MILLIS);
  response.on('close', () => clearInterval(timer));
}

const write = (response: ServerResponse, name: string, document: object): boolean =>
  response.write(`event: ${name}\ndata: ${JSON.stringify(document)}\n\n`);

async function respondWithFile(name: string, response: ServerResponse): Promise<void> {
  const body = await readFile(new URL(name, PAGE)).catch(() => undefined);
  if (body === undefined) response.writeHead(404).end();
  else response.writeHead(200, { 'content-type': TYPES[extname(name)] ?? 'text/plain' }).end(body);
}
