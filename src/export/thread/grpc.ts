/** One attempt over OTLP/gRPC (opentelemetry-proto, "OTLP/gRPC"). This file and its resolver are the only ones that know grpc-js. */
import { isIP } from 'node:net';
import { checkServerIdentity, createSecureContext } from 'node:tls';
import {
  type ChannelOptions,
  Client,
  connectivityState,
  credentials,
  logVerbosity,
  Metadata,
  type ServiceError,
  setLogVerbosity,
  status,
} from '@grpc/grpc-js';
import { isLoopback } from '../../kit/loopback.ts';
import type { CollectorTls } from '../collector-tls.ts';
import type { ExportHeaders } from '../export-headers.ts';
import { readPartialSuccess } from '../otlp/otlp-request.ts';
import type { SharedLookup } from '../shared-lookup.ts';
import { resolveGrpcNames } from './grpc-resolver.ts';
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

/** Algorithms of grpc-js are numbers. */
const GZIP = 2;
const NONE = 0;
/**
 * In bytes. grpc-js holds a response in the chunks in which it arrived; a chunk of one byte takes 400. So the limit is below the
 * 4 MiB of OTLP/HTTP, where we buffer the response ourselves. A response holds the number of rejected items and a message.
 */
const MAX_RESPONSE = 64 * 1024;
/** grpc-js waits up to two minutes between attempts to connect; after an outage that would be lost time. */
const LONGEST_RECONNECT_MILLIS = 5_000;
const KEEPALIVE_MILLIS = 20_000;
/** Retryable codes (OTLP specification, "Failures"). RESOURCE_EXHAUSTED only with RetryInfo. */
const RETRYABLE = new Set([
  status.CANCELLED,
  status.DEADLINE_EXCEEDED,
  status.ABORTED,
  status.OUT_OF_RANGE,
  status.UNAVAILABLE,
  status.DATA_LOSS,
]);
/** About the credentials or the address, not the content. */
const UNAUTHORIZED = new Set([status.UNAUTHENTICATED, status.PERMISSION_DENIED, status.UNIMPLEMENTED]);
/** Text of servers about a message above their limit; there is no code for it (grpc-go: "received message larger than max"). */
const TOO_LARGE = /larger than|too large|exceeds/i;
/** Text of grpc-js about a response that is too large. */
const RESPONSE_TOO_LARGE = /^Received message larger than/;
/**
 * An IP address is not a valid server name in TLS (RFC 6066, section 3), so Node.js rejects it. grpc-js cannot omit the
 * name. It can replace it. The certificate is checked against the address nevertheless.
 */
const UNNAMED: ChannelOptions = { 'grpc.ssl_target_name_override': 'collector' };
const asIs = (bytes: Buffer): Buffer => bytes;

export class GrpcExporter implements Exporter {
  readonly #options: GrpcExporterOptions;
  #client: Client | undefined;
  /** Of the TLS files that the client was made with. */
  #version = 0;

  constructor(options: GrpcExporterOptions) {
    this.#options = options;
    setLogVerbosity(logVerbosity.NONE); // it would write to the standard error, past our log
    resolveGrpcNames(options.lookup.all);
  }

  export(request: Uint8Array): Promise<ExportResult> {
    const { method } = this.#options;
    const client = this.#connected();
    const metadata = metadataOf(this.#options.headers.current());
    const deadline = Date.now() + this.#options.timeoutMillis;
    const body = Buffer.from(request.buffer, request.byteOffset, request.byteLength);
    return new Promise((resolve) => {
      client.makeUnaryRequest(method, asIs, asIs, body, metadata, { deadline }, (error, response) => {
        if (error && isUnusable(client, error)) this.#forget(client);
        resolve(error ? resultOf(error) : { type: 'success', ...readPartialSuccess(response ?? Buffer.alloc(0)) });
      });
    });
  }

  close(): void {
    this.#client?.close();
  }

  /** Renewed certificates need a new client. */
  #connected(): Client {
    const { version } = this.#options.tls;
    if (this.#client !== undefined && version !== this.#version) this.#forget(this.#client);
    this.#version = version;
    this.#client ??= connect(this.#options);
    return this.#client;
  }

  /** The next attempt connects anew, at once: the circuit breaker decides when, and not grpc-js as well. */
  #forget(client: Client): void {
    if (this.#client !== client) return;
    this.#client = undefined;
    client.close();
  }
}

function metadataOf(headers: Readonly<Record<string, string>>): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers))
    metadata.set(name, name.endsWith('-bin') ? Buffer.from(value, 'base64') : value);
  return metadata;
}

function connect({ endpoint, userAgent, compression, tls }: GrpcExporterOptions): Client {
  const { protocol, hostname, port } = new URL(endpoint);
  const secure = protocol === 'https:';
  const address = hostname.replace(/^\[(.*)\]$/, '$1');
  // The authorities of Node.js, as over HTTP; grpc-js alone would read its own environment variable.
  const trust = secure
    ? credentials.createFromSecureContext(createSecureContext(tls.material()), {
        checkServerIdentity: (_, certificate) => checkServerIdentity(address, certificate),
      })
    : credentials.createInsecure();
  return new Client(`${hostname}:${port || (secure ? 443 : 80)}`, trust, {
    ...(isIP(address) !== 0 && UNNAMED),
    'grpc.primary_user_agent': userAgent,
    'grpc.default_compression_algorithm': compression === 'gzip' ? GZIP : NONE,
    'grpc.max_receive_message_length': MAX_RESPONSE,
    'grpc.initial_reconnect_backoff_ms': 1_000,
    'grpc.max_reconnect_backoff_ms': LONGEST_RECONNECT_MILLIS,
    'grpc.keepalive_time_ms': KEEPALIVE_MILLIS,
    // A collector on the loopback is not behind a proxy, whatever the environment.
    'grpc.enable_http_proxy': isLoopback(hostname) ? 0 : 1,
    // Otherwise a new client would get the old connection.
    'grpc.use_local_subchannel_pool': 1,
    // Retries are ours: they share one circuit breaker and one deadline.
    'grpc.enable_retries': 0,
  });
}

/** A connection that failed, or one without a response: it may be dead without having been closed. */
function isUnusable(client: Client, { code }: ServiceError): boolean {
  if (code === status.DEADLINE_EXCEEDED) return true;
  return client.getChannel().getConnectivityState(false) === connectivityState.TRANSIENT_FAILURE;
}

function resultOf({ code, details, metadata }: ServiceError): ExportResult {
  const message = printable(`gRPC ${status[code] ?? code} ${details.replace(/ Resolution note:\s*$/, '')}`);
  const [info] = metadata?.get('grpc-status-details-bin') ?? [];
  const delayMillis = info instanceof Buffer ? retryInfoMillis(info) : undefined;
  const retryable = RETRYABLE.has(code) || (code === status.RESOURCE_EXHAUSTED && delayMillis !== undefined);
  if (retryable) return { type: 'retryable', message, delayMillis };
  if (UNAUTHORIZED.has(code)) return { type: 'unauthorized', message };
  const tooLarge = code === status.RESOURCE_EXHAUSTED && TOO_LARGE.test(details) && !RESPONSE_TOO_LARGE.test(details);
  return { type: tooLarge ? 'too_large' : 'failure', message };
}
