/** The files of the page, read once: each with a compressed variant and an entity tag. They contain no data of the gateway. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { extname } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { refuse } from './respond.ts';

/** The same place seen from `src/` and from `dist/`. */
const BUILT = new URL('../../../dist/page/', import.meta.url);

const NOT_BUILT = 'The page is not built. Run npm run build:page.\n';

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
};

const PAGE_HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
  'cache-control': 'no-cache',
  vary: 'accept-encoding',
};

interface Variant {
  readonly body: Buffer;
  readonly tag: string;
}

interface PageFile {
  readonly type: string;
  readonly plain: Variant;
  readonly zipped: Variant;
}

export class PageFiles {
  readonly #files: ReadonlyMap<string, PageFile>;

  private constructor(files: ReadonlyMap<string, PageFile>) {
    this.#files = files;
  }

  /** A directory that does not exist has no files. */
  static async read(directory: URL = BUILT): Promise<PageFiles> {
    const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
    const names = entries.filter((entry) => entry.isFile()).map(({ name }) => name);
    const files = await Promise.all(names.map((name) => readPageFile(directory, name)));
    return new PageFiles(new Map(names.map((name, index) => [pathOf(name), files[index]!])));
  }

  has(path: string): boolean {
    return path === '/' || this.#files.has(path);
  }

  respond(path: string, { method, headers }: IncomingMessage, response: ServerResponse): void {
    const file = this.#files.get(path);
    if (file === undefined) refuse(response, 503, NOT_BUILT);
    else respondWithFile(file, headers, method === 'HEAD', response);
  }
}

function respondWithFile(
  file: PageFile,
  headers: IncomingHttpHeaders,
  isHead: boolean,
  response: ServerResponse,
): void {
  const isZipped = acceptsGzip(headers['accept-encoding']);
  const { body, tag } = isZipped ? file.zipped : file.plain;
  const common = { ...PAGE_HEADERS, etag: tag };
  if (hasTag(headers['if-none-match'] ?? '', tag)) {
    response.writeHead(304, common).end();
    return;
  }
  response.writeHead(200, {
    ...common,
    'content-type': file.type,
    'content-length': body.length,
    ...(isZipped && { 'content-encoding': 'gzip' }),
  });
  response.end(isHead ? undefined : body);
}

const pathOf = (name: string): string => (name === 'index.html' ? '/' : `/${name}`);

async function readPageFile(directory: URL, name: string): Promise<PageFile> {
  const body = await readFile(new URL(encodeURIComponent(name), directory));
  const digest = createHash('sha256').update(body).digest('base64url').slice(0, 22);
  return {
    type: TYPES[extname(name)] ?? 'application/octet-stream',
    plain: { body, tag: `"${digest}"` },
    zipped: { body: await promisify(gzip)(body, { level: 9 }), tag: `"${digest}-gzip"` },
  };
}

/** RFC 9110, section 12.5.3; a quality of 0 refuses it. */
function acceptsGzip(accepted = ''): boolean {
  const wanted = accepted.split(',').map((each) => each.toLowerCase().replaceAll(' ', ''));
  return wanted.some((each) => each === 'gzip' || (each.startsWith('gzip;q=') && Number(each.slice(7)) > 0));
}

/** RFC 9110, section 13.1.2. */
function hasTag(header: string, tag: string): boolean {
  return header.split(',').some((each) => each.trim().replace(/^W\//, '') === tag);
}
