/** The routes of the admin port. Each response has headers that keep other web pages and frames away from it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AccessRules, Refusal } from './admin-access.ts';
import { isProbe, type Probes, respondToProbe } from './probes.ts';

const RELOAD = '/-/reload';
const METRICS = '/metrics';
const NOT_FOUND = 'Not found. The admin port serves /metrics, /health, /startup and /ready.\n';
const NO_VIEW = 'Not found. The live view is disabled; set admin.view to true.\n';
const NO_RELOAD = 'Not found. Reloads by HTTP are disabled; set admin.reload to true, or send SIGHUP.\n';
const NO_METRICS = 'Not found. Metrics are disabled; set metrics.enabled to true.\n';

const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'x-frame-options': 'DENY',
  'cache-control': 'no-store',
};

export interface Exposition {
  readonly contentType: string;
  readonly body: string | Uint8Array;
}

/** Reads the configuration again, or only shows what would change. Never rejects. */
export type AdminReload = (isDryRun: boolean) => Promise<{ readonly status: number; readonly document: object }>;

/** The live view: every path that is not a route of the port itself. */
export interface AdminView {
  /** Whether the path is a file of the page, which contains no data. */
  isPublic(path: string): boolean;
  /** Responds to a request with any method. */
  respond(request: IncomingMessage, response: ServerResponse): void;
  /** Ends its streams and timers. Safe twice. */
  close(): void;
}

export interface AdminRoutes {
  readonly probes: Probes;
  /** Undefined where it is disabled. */
  readonly reload: AdminReload | undefined;
  /** Renders the metrics in a format that matches the Accept header; undefined where they are disabled. */
  readonly render: ((accept: string) => Exposition | Promise<Exposition>) | undefined;
  /** Undefined where it is disabled. */
  readonly view: AdminView | undefined;
}

export function respondOn(routes: AdminRoutes, access: AccessRules) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value);
    const path = pathOf(request);
    const refusal = access(request, routes.view?.isPublic(path) === true) ?? refusalOf(routes, request, path);
    if (refusal !== undefined) refuse(response, refusal);
    else if (path === RELOAD) respondToReload(routes.reload!, request, response).catch(() => response.destroy());
    else if (path === METRICS) respondToScrape(routes.render!, request, response).catch(() => response.destroy());
    else if (!respondToProbe(routes.probes, request, response)) routes.view!.respond(request, response);
  };
}

function refuse(response: ServerResponse, { status, text, headers }: Refusal): void {
  response.writeHead(status, { 'content-type': 'text/plain', ...headers }).end(text);
}

const pathOf = ({ url }: IncomingMessage): string => url?.split('?', 1)[0] ?? '';

function refusalOf({ render, reload, view }: AdminRoutes, request: IncomingMessage, path: string): Refusal | undefined {
  if (path === RELOAD) return reload === undefined ? { status: 404, text: NO_RELOAD } : refusalOfReload(request);
  if (path === METRICS && render === undefined) return { status: 404, text: NO_METRICS };
  if (path !== METRICS && !isProbe(request.url))
    return view === undefined ? { status: 404, text: isOfView(path) ? NO_VIEW : NOT_FOUND } : undefined;
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return { status: 405, text: 'Method not allowed. Use GET or HEAD.\n', headers: { allow: 'GET, HEAD' } };
  return undefined;
}

const isOfView = (path: string): boolean => path === '/' || path.startsWith('/api/');

/** A web page could send it from the browser of an operator. */
function refusalOfReload({ method, headers }: IncomingMessage): Refusal | undefined {
  if (method !== 'POST') return { status: 405, text: 'Method not allowed. Use POST.\n', headers: { allow: 'POST' } };
  if (headers.origin !== undefined) return { status: 403, text: 'Forbidden. A web page cannot reload a gateway.\n' };
  return undefined;
}

async function respondToScrape(
  render: NonNullable<AdminRoutes['render']>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { contentType, body } = await render(request.headers.accept ?? '');
  response.writeHead(200, { 'content-type': contentType }).end(body);
}

/** `?dry_run` only shows what would change. */
async function respondToReload(reload: AdminReload, request: IncomingMessage, response: ServerResponse): Promise<void> {
  request.resume();
  const { status, document } = await reload(new URL(request.url!, 'http://admin').searchParams.has('dry_run'));
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(document)}\n`);
}
