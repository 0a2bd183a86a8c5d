/** One attempt over OTLP/gRPC (opentelemetry-proto, "OTLP/gRPC"). The only file that knows grpc-js. */
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
import type { CollectorTls } from '../../kit/collector-tls.ts';
import type { ExportHeaders } from '../../kit/export-headers.ts';
import { isLoopback } from '../../kit/loopback.ts';
import { readPartialSuccess } from './otlp-request.ts';
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
}

const EXPORT = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';
/** Names of algorithms in grpc-js are numbers. */
const GZIP = 2;
const NONE = 0;
/**
 * In bytes. grpc-js keeps a response in the pieces in which it came, which may be one byte each and take 400: less than the 4 MiB of
 * OTLP/HTTP, where we keep it ourselves. A response says how many spans were rejected, and why.
 */
const MAX_RESPONSE = 64 * 1024;
/** grpc-js waits up to two minutes between attempts to connect; after an outage that would be lost time. */
const LONGEST_RECONNECT_MILLIS = 5_000;
const KEEPALIVE_MILLIS = 20_000;
/** Specification, "Failures": which codes may succeed when sent again. RESOURCE_EXHAUSTED only if the server says so. */
const RETRYABLE = new Set([
  status.CANCELLED,
  status.DEADLINE_EXCEEDED,
  status.ABORTED,
  status.OUT_OF_RANGE,
  status.UNAVAILABLE,
  status.DATA_LOSS,
]);
/** About who asks, or about the address: what is sent does not matter. */
const BARRED = new Set([status.UNAUTHENTICATED, status.PERMISSION_DENIED, status.UNIMPLEMENTED]);
/** What servers say of a message above their limit; there is no code for it (grpc-go: "received message larger than max"). */
const TOO_LARGE = /larger than|too large|exceeds/i;
/** What grpc-js says where it is the answer that is too large. */
const ANSWER_TOO_LARGE = /^Received message larger than/;
/**
 * An IP address may not stand as the server's name in TLS (RFC 6066, section 3), and Node.js refuses it; grpc-js has no way to give no
 * name, but one to give another. Who the server is, is judged by its address nevertheless.
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
  }

  export(request: Uint8Array): Promise<ExportResult> {
    const client = this.#connected();
    const metadata = metadataOf(this.#options.headers.current());
    const deadline = Date.now() + this.#options.timeoutMillis;
    const body = Buffer.from(request.buffer, request.byteOffset, request.byteLength);
    return new Promise((resolve) => {
      client.makeUnaryRequest(EXPORT, asIs, asIs, body, metadata, { deadline }, (error, response) => {
        if (error && isBroken(client, error)) this.#forget(client);
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

  /** The next attempt connects anew, at once: when to try again is decided in one place, and not by grpc-js as well. */
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
  // What Node.js trusts, as over HTTP; grpc-js alone would look into an environment variable of its own.
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
    // A collector on this machine is not behind a proxy, whatever the environment says.
    'grpc.enable_http_proxy': isLoopback(hostname) ? 0 : 1,
    // Otherwise a new client would be given the old connection.
    'grpc.use_local_subchannel_pool': 1,
    // Retries are ours: they share one gate, and one deadline.
    'grpc.enable_retries': 0,
  });
}

/** A connection that could not be made, or on which nothing came back: it may be dead without having been closed. */
function isBroken(client: Client, { code }: ServiceError): boolean {
  if (code === status.DEADLINE_EXCEEDED) return true;
  return client.getChannel().getConnectivityState(false) === connectivityState.TRANSIENT_FAILURE;
}

function resultOf({ code, details, metadata }: ServiceError): ExportResult {
  const message = printable(`gRPC ${status[code] ?? code} ${details.replace(/ Resolution note:\s*$/, '')}`);
  const [info] = metadata?.get('grpc-status-details-bin') ?? [];
  const delayMillis = info instanceof Buffer ? retryInfoMillis(info) : undefined;
  const retryable = RETRYABLE.has(code) || (code === status.RESOURCE_EXHAUSTED && delayMillis !== undefined);
  if (retryable) return { type: 'retryable', message, delayMillis };
  if (BARRED.has(code)) return { type: 'barred', message };
  const tooLarge = code === status.RESOURCE_EXHAUSTED && TOO_LARGE.test(details) && !ANSWER_TOO_LARGE.test(details);
  return { type: tooLarge ? 'too_large' : 'failure', message };
}
