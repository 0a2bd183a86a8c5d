/** One attempt over OTLP/gRPC (opentelemetry-proto, "OTLP/gRPC"). */
import type { OutgoingHttpHeaders } from 'node:http2';
import { performance } from 'node:perf_hooks';
import type { CollectorTls } from '../collector-tls.ts';
import type { ExportHeaders, Headers } from '../export-headers.ts';
import { readPartialSuccess } from '../otlp/otlp-request.ts';
import type { SharedLookup } from '../shared-lookup.ts';
import type { GrpcRequest, GrpcResponse } from './grpc-call.ts';
import { GrpcConnection } from './grpc-connection.ts';
import { ACCEPTED_ENCODINGS } from './grpc-message.ts';
import { targetOf } from './grpc-session.ts';
import { type GrpcCode, REFUSED } from './grpc-status.ts';
import { gzip } from './gzip.ts';
import { type Exporter, type ExportResult, printable } from './result.ts';
import { retryInfoMillis } from './retry-after.ts';

export interface GrpcExporterOptions {
  /** `http://host:port` without TLS, `https://host:port` with it. */
  readonly endpoint: string;
  readonly headers: ExportHeaders;
  readonly tls: CollectorTls;
  readonly userAgent: string;
  /** Wall clock for the whole attempt. */
  readonly timeoutMillis: number;
  readonly compression: 'gzip' | 'none';
  /** Full name of the method that is called. */
  readonly method: string;
  /** Looks up the names of the collector and of proxies. */
  readonly lookup: SharedLookup;
}

const KEEPALIVE_MILLIS = 20_000;
/** Retryable codes (OTLP specification, "Failures"). RESOURCE_EXHAUSTED only with RetryInfo. */
const RETRYABLE: ReadonlySet<GrpcCode> = new Set<GrpcCode>([
  'CANCELLED',
  'DEADLINE_EXCEEDED',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNAVAILABLE',
  'DATA_LOSS',
]);
/** About the credentials or the address, not the content. */
const UNAUTHORIZED: ReadonlySet<GrpcCode> = new Set<GrpcCode>([
  'UNAUTHENTICATED',
  'PERMISSION_DENIED',
  'UNIMPLEMENTED',
]);
/** Text of servers about a message above their limit; there is no code for it (grpc-go: "received message larger than max"). */
const TOO_LARGE = /larger than|too large|exceeds/i;

export class GrpcExporter implements Exporter {
  readonly #options: GrpcExporterOptions;
  readonly #connections = new Set<GrpcConnection>();
  #current: GrpcConnection | undefined;
  /** Of the TLS files that the current connection was opened with. */
  #version = 0;
  #keepAliveMillis = KEEPALIVE_MILLIS;
  #compresses: boolean;

  constructor(options: GrpcExporterOptions) {
    this.#options = options;
    this.#compresses = options.compression === 'gzip';
  }

  async export(message: Uint8Array): Promise<ExportResult> {
    const endsAt = performance.now() + this.#options.timeoutMillis;
    const request = this.#request(message);
    const first = await this.#attempt(request, endsAt);
    // Such as a call that crosses the GOAWAY of the server. That is not a failure of the collector.
    const response = first.status === REFUSED ? await this.#attempt(request, endsAt) : first;
    // A server that does not accept the encoding lists others ("Compression in gRPC").
    if (response.acceptedEncodings?.includes('gzip') === false) this.#compresses = false;
    return resultOf(response);
  }

  close(): void {
    for (const connection of this.#connections) connection.close();
  }

  #request(message: Uint8Array): GrpcRequest {
    const { endpoint, headers, method, userAgent } = this.#options;
    const { authority, isSecure } = targetOf(endpoint);
    return {
      headers: {
        ':method': 'POST',
        ':scheme': isSecure ? 'https' : 'http',
        ':authority': authority,
        ':path': method,
        ...metadataOf(headers.current()),
        te: 'trailers',
        'content-type': 'application/grpc',
        'user-agent': userAgent,
        'accept-encoding': 'identity',
        'grpc-accept-encoding': ACCEPTED_ENCODINGS,
        ...(this.#compresses && { 'grpc-encoding': 'gzip' }),
      },
      message: this.#compresses ? gzip(message) : message,
      isCompressed: this.#compresses,
    };
  }

  async #attempt(request: GrpcRequest, endsAt: number): Promise<GrpcResponse> {
    const connection = this.#connected();
    const response = await connection.call(request, endsAt - performance.now());
    // Without a response, the connection may be dead without having been closed: the next attempt opens another.
    if (response.status.code === 'DEADLINE_EXCEEDED') connection.retire();
    return response;
  }

  /** Renewed certificates need a new connection. */
  #connected(): GrpcConnection {
    const { version } = this.#options.tls;
    if (version !== this.#version) this.#current?.retire();
    this.#version = version;
    if (this.#current?.isUsable !== true) this.#current = this.#connect();
    return this.#current;
  }

  #connect(): GrpcConnection {
    const { endpoint, tls, lookup } = this.#options;
    const connection: GrpcConnection = new GrpcConnection(
      {
        endpoint,
        tls: tls.material(),
        lookup: lookup.lookup,
        keepAliveMillis: this.#keepAliveMillis,
        tooManyPings: () => void (this.#keepAliveMillis *= 2),
      },
      () => void this.#connections.delete(connection),
    );
    this.#connections.add(connection);
    return connection;
  }
}

const METADATA = /^[ -~]*$/;

/** @throws Error if a value has characters that gRPC does not allow ("gRPC over HTTP2", Custom-Metadata). */
function metadataOf(headers: Headers): OutgoingHttpHeaders {
  const metadata: OutgoingHttpHeaders = {};
  for (const [name, value] of Object.entries(headers)) {
    if (!METADATA.test(value))
      throw new Error(`the value of the header ${name} has characters that gRPC does not allow`);
    metadata[name.toLowerCase()] = name.endsWith('-bin') ? Buffer.from(value, 'base64').toString('base64') : value;
  }
  return metadata;
}

function resultOf({ status, message: response }: GrpcResponse): ExportResult {
  const { code, message: text, details } = status;
  if (code === 'OK') return { type: 'success', ...readPartialSuccess(response) };
  const message = printable(`gRPC ${code} ${text}`);
  const delayMillis = details && retryInfoMillis(details);
  const isRetryable = RETRYABLE.has(code) || (code === 'RESOURCE_EXHAUSTED' && delayMillis !== undefined);
  if (isRetryable) return { type: 'retryable', message, delayMillis };
  if (UNAUTHORIZED.has(code)) return { type: 'unauthorized', message };
  return { type: code === 'RESOURCE_EXHAUSTED' && TOO_LARGE.test(text) ? 'too_large' : 'failure', message };
}
