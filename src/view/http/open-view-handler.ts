/** The HTTP interface of the live view: JSON documents, a stream of events, and the files of the page. Read-only. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ViewSource } from '../sources.ts';
import { documentOf } from './documents.ts';
import { EventStreams } from './event-streams.ts';
import { PageFiles } from './page-files.ts';
import { refuse, respondWithJson } from './respond.ts';

const NOT_FOUND =
  'Not found. The view serves /, /api/view, /api/uploads, /api/traces, /api/traces/{trace_id}, /api/health, /api/config and /api/events.\n';
const NOT_ALLOWED = 'Method not allowed. The view is read-only: use GET or HEAD.\n';
const CROSS_SITE = 'Forbidden. Pages of other sites cannot read the view.\n';
const UNAVAILABLE = 'The gateway could not collect this document. Try again.\n';

export interface ViewHandler {
  /** Whether the path is a file of the page, which contains no data. */
  isPublic(path: string): boolean;
  respond(request: IncomingMessage, response: ServerResponse): void;
  /** Ends all streams. Safe twice. */
  close(): void;
}

export interface ViewHandlerOptions {
  /** Notified of each document that the source could not make. */
  readonly failed?: (error: Error) => void;
  /** The built page, by default next to the compiled program. */
  readonly page?: URL;
}

export async function openViewHandler(source: ViewSource, options: ViewHandlerOptions = {}): Promise<ViewHandler> {
  const { failed = () => {} } = options;
  const page = await PageFiles.read(options.page);
  const streams = new EventStreams(source, failed);
  return {
    isPublic: (path) => page.has(path),
    close: () => streams.close(),
    respond(request, response) {
      request.resume();
      const [path, query] = request.url!.split('?', 2) as [string, string | undefined];
      const { method, headers } = request;
      if (method !== 'GET' && method !== 'HEAD') refuse(response, 405, NOT_ALLOWED, { allow: 'GET, HEAD' });
      else if (page.has(path)) page.respond(path, request, response);
      else if (headers['sec-fetch-site'] === 'cross-site') refuse(response, 403, CROSS_SITE);
      else if (path === '/api/events') streams.respond(new URLSearchParams(query).get('of'), request, response);
      else
        respondWithDocument(source, path, request, response).catch((error: Error) => {
          failed(error);
          if (!response.headersSent) refuse(response, 503, UNAVAILABLE);
        });
    },
  };
}

async function respondWithDocument(
  source: ViewSource,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const document = await documentOf(source, path);
  if (document === undefined) refuse(response, 404, NOT_FOUND);
  else if ('missing' in document) refuse(response, 404, document.missing);
  else respondWithJson(response, document.json, request.method === 'HEAD');
}
