/** One attempt over OTLP/HTTP with Protocol Buffers (opentelemetry-proto, "OTLP/HTTP"). */
import http, { type ClientRequest, type IncomingMessage } from 'node:http';
import https from 'node:https';
import type { LookupFunction } from 'node:net';
import { BoundedBuffer } from '../../kit/bounded-buffer.ts';
import { decodeContent, UndecodableContent } from '../../kit/decode-content.ts';
import type { CollectorTls } from '../collector-tls.ts';
import type { ExportHeaders } from '../export-headers.ts';
import { readPartialSuccess, readStatusMessage } from '../otlp/otlp-request.ts';
import { type Exporter, type ExportResult, printable } from './result.ts';
import { retryAfterMillis } from './retry-after.ts';

export interface HttpExporterOptions {
  /** Where to POST to. */
  readonly url: string;
  readonly headers: ExportHeaders;
  readonly tls: CollectorTls;
  readonly lookup: LookupFunction;
  readonly userAgent: string;
  /** Wall clock for the whole attempt: connecting, sending, and the response to its last byte. */
  readonly timeoutMillis: number;
  /** Compresses a request; undefined sends it as it is. */
  readonly compress: ((request: Uint8Array) => Uint8Array) | undefined;
}

/** Specification: "the client SHOULD limit the size of the response to 4 MiB", and a larger one is not retryable. */
const MAX_RESPONSE = 4 * 1024 * 1024;
const RETRYABLE = new Set([429, 502, 503, 504]);
/** About the credentials or the address, not the content. So are redirects, which are not followed. */
const UNAUTHORIZED = new Set([401, 403, 404, 405, 407]);
const MAX_SOCKETS = 8;

export class HttpExporter implements Exporter {
  readonly #options: HttpExporterOptions;
  readonly #client: typeof http | typeof https;
  #agent: http.Agent;
  /** Of the TLS files that the agent was made with. */
  #version: number;

  constructor(options: HttpExporterOptions) {
    this.#options = options;
    this.#client = options.url.startsWith('https:') ? https : http;
    this.#version = options.tls.version;
    this.#agent = this.#createAgent();
  }

  async export(request: Uint8Array): Promise<ExportResult> {
    const body = this.#options.compress?.(request) ?? request;
    this.#renew();
    const end = performance.now() + this.#options.timeoutMillis;
    const first = await this.#attempt(body, this.#options.timeoutMillis);
    if (first !== 'stale') return first;
    // The collector closed a keep-alive connection in the moment of its use. That is not a failure of the collector.
    const second = await this.#attempt(body, end - performance.now());
    return second === 'stale' ? { type: 'retryable', message: 'connection reset' } : second;
  }

  close(): void {
    this.#agent.destroy();
  }

  #createAgent(): http.Agent {
    const options = { keepAlive: true, maxSockets: MAX_SOCKETS, lookup: this.#options.lookup };
    return this.#client === https
      ? new https.Agent({ ...options, ...this.#options.tls.material() })
      : new http.Agent(options);
  }

  /** Renewed certificates count from the next connection on. */
  #renew(): void {
    const { version } = this.#options.tls;
    if (version === this.#version) return;
    this.#version = version;
    const old = this.#agent;
    this.#agent = this.#createAgent();
    old.destroy();
  }

  #headers(body: Uint8Array): http.OutgoingHttpHeaders {
    const { headers, userAgent, compress } = this.#options;
    return {
      ...headers.current(),
      'user-agent': userAgent,
      'accept-encoding': 'identity',
      'content-type': 'application/x-protobuf',
      ...(compress && { 'content-encoding': 'gzip' }),
      'content-length': body.byteLength,
    };
  }

  #attempt(body: Uint8Array, timeoutMillis: number): Promise<ExportResult | 'stale'> {
    return new Promise((resolve) => {
      const request = this.#client.request(this.#options.url, {
        method: 'POST',
        agent: this.#agent,
        headers: this.#headers(body),
      });
      const timer = setTimeout(() => abort({ type: 'retryable', message: 'no response in time' }), timeoutMillis);
      /** Only the first result counts. */
      const finish = (result: ExportResult | 'stale'): void => {
        clearTimeout(timer);
        resolve(result);
      };
      const abort = (result: ExportResult): void => {
        finish(result);
        request.destroy();
      };
      request.once('response', (response) => {
        responseOf(response).then(finish, (error) => abort(resultOfError(error)));
      });
      request.on('error', (error) => finish(isStale(request, error) ? 'stale' : resultOfError(error)));
      request.end(body);
    });
  }
}

/** Not retryable: a server that sends so much is not a collector. */
class TooLong extends Error {
  override readonly name = 'TooLong';
}

async function responseOf(response: IncomingMessage): Promise<ExportResult> {
  return resultOf(response, decoded(await readBody(response), response.headers['content-encoding']));
}

/** The body of a response that cannot be decoded is ignored: its status counts. @throws TooLong */
function decoded(body: Buffer, codings: string | undefined): Buffer {
  try {
    return decodeContent(body, codings, MAX_RESPONSE);
  } catch (thrown) {
    if (thrown instanceof UndecodableContent && !thrown.isTooLarge) return Buffer.alloc(0);
    throw new TooLong();
  }
}

/** By events: an iterator over a stream costs more than all the rest of an attempt. */
function readBody(response: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const body = new BoundedBuffer(MAX_RESPONSE);
    response.on('data', (piece: Buffer) => {
      if (!body.add(piece)) reject(new TooLong());
    });
    response.once('end', () => resolve(body.bytes));
    response.once('error', reject);
  });
}

function resultOf({ statusCode: status = 0, headers }: IncomingMessage, body: Buffer): ExportResult {
  const readable = headers['content-type']?.startsWith('application/x-protobuf') === true;
  if (status >= 200 && status < 300) {
    return { type: 'success', ...(readable ? readPartialSuccess(body) : { rejected: 0 }) };
  }
  const detail = readable ? readStatusMessage(body) : printable(body.subarray(0, 1000).toString('latin1'));
  const message = printable(`HTTP ${status} ${detail}`);
  if (status === 413) return { type: 'too_large', message };
  if (UNAUTHORIZED.has(status) || (status >= 300 && status < 400)) return { type: 'unauthorized', message };
  if (!RETRYABLE.has(status)) return { type: 'failure', message };
  return { type: 'retryable', message, delayMillis: retryAfterMillis(headers['retry-after'], Date.now()) };
}

/** Connections that fail are retryable; a server that does not speak HTTP is not, for any request. */
function resultOfError(error: NodeJS.ErrnoException): ExportResult {
  if (error instanceof TooLong) return { type: 'failure', message: 'the response is larger than 4 MiB' };
  const code = codeOf(error);
  const message = printable(`cannot reach the collector: ${code}`);
  return code.startsWith('HPE_') ? { type: 'unauthorized', message } : { type: 'retryable', message };
}

function isStale(request: ClientRequest, { code }: NodeJS.ErrnoException): boolean {
  return request.reusedSocket && (code === 'ECONNRESET' || code === 'EPIPE');
}

/** The code of an error, or of the first inside one that stands for several addresses of one name. */
function codeOf(error: NodeJS.ErrnoException & { errors?: unknown[] }): string {
  const [first] = error.errors ?? [];
  return error.code ?? (first instanceof Error ? codeOf(first) : error.message || error.name);
}
