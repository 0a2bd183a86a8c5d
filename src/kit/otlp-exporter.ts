/** Options for the official exporters of metrics and logs, from what a configuration says of a collector. */
import type { Agent, AgentOptions } from 'node:http';
import { resolve } from 'node:path';
import { createSecureContext } from 'node:tls';
import { CollectorTls } from './collector-tls.ts';
import { type ExportHeaders, exportHeaders } from './export-headers.ts';
import { RenewingAgent } from './renewing-agent.ts';
import { collectorLookup, shareLookupsOfGrpc } from './shared-lookup.ts';

export interface Collector {
  readonly endpoint: string;
  readonly protocol: 'grpc' | 'http/protobuf';
  readonly timeout_seconds: number;
  readonly compression: 'gzip' | 'none';
  readonly headers: Readonly<Record<string, string>>;
  readonly headers_file?: string | undefined;
  readonly tls?: { readonly [file in `${'ca' | 'cert' | 'key'}_file`]?: string | undefined } | undefined;
}

/** Who is asked there, and who asks. */
export interface CollectorAccess {
  readonly headers: ExportHeaders;
  /** Undefined where nothing is said of it. */
  readonly tls: CollectorTls | undefined;
}

/**
 * @param directory where relative paths begin. @param section of the configuration, for the error.
 * @throws Error that names section and file, if one cannot be used.
 */
export function accessTo(
  { headers, headers_file, tls }: Collector,
  directory: string,
  section: string,
): CollectorAccess {
  const pathOf = (file: string | undefined) => (file === undefined ? undefined : resolve(directory, file));
  const files = tls && { caFile: pathOf(tls.ca_file), certFile: pathOf(tls.cert_file), keyFile: pathOf(tls.key_file) };
  try {
    return { headers: exportHeaders(headers, pathOf(headers_file)), tls: files && new CollectorTls(files) };
  } catch (error) {
    throw new Error(`${section}: ${(error as Error).message}`);
  }
}

export interface HttpOptions {
  readonly url: string;
  readonly headers: () => Promise<Record<string, string>>;
  readonly timeoutMillis: number;
  readonly compression: never;
  readonly httpAgentOptions: AgentOptions | (() => Agent);
}

/** @param path that is added to the endpoint, unless it ends so already. */
export function httpOptions(collector: Collector, path: string, { headers, tls }: CollectorAccess): HttpOptions {
  const url = new URL(collector.endpoint);
  if (!url.pathname.endsWith(path)) url.pathname = `${url.pathname.replace(/\/$/, '')}${path}`;
  const agent = { keepAlive: true, lookup: collectorLookup.lookup };
  return {
    url: url.href,
    headers: async () => ({ ...headers.current() }),
    timeoutMillis: collector.timeout_seconds * 1000,
    // The enum of the exporters is made of these words, and not exported by them.
    compression: collector.compression as never,
    httpAgentOptions: tls && url.protocol === 'https:' ? () => new RenewingAgent(tls, agent) : agent,
  };
}

/** Loads grpc-js. */
export async function grpcOptions(collector: Collector, { headers, tls }: CollectorAccess) {
  shareLookupsOfGrpc(collectorLookup);
  const { credentials, Metadata } = await import('@grpc/grpc-js');
  const metadata = () => {
    const current = new Metadata();
    for (const [name, value] of Object.entries(headers.current())) current.set(name, value);
    return current;
  };
  const common = {
    url: collector.endpoint,
    timeoutMillis: collector.timeout_seconds * 1000,
    compression: collector.compression as never,
  };
  // The scheme says whether there is TLS; the exporters make the credentials of it where nothing more is said.
  const secure = collector.endpoint.startsWith('https:') && (tls ?? collector.headers_file) !== undefined;
  if (!secure) return { ...common, metadata: metadata() };
  const trust = credentials.createFromSecureContext(createSecureContext(tls?.material()));
  if (collector.headers_file === undefined) return { ...common, metadata: metadata(), credentials: trust };
  // Metadata is taken once for all calls, credentials of a call are asked for each; grpc-js sends them over TLS only.
  const each = credentials.createFromMetadataGenerator((_call, done) => done(null, metadata()));
  return { ...common, credentials: credentials.combineChannelCredentials(trust, each) };
}

/** Never rejects, and takes no longer: what ends an exporter may wait for a collector that hangs. @returns whether it came to a good end. */
export async function within(millis: number, ending: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), millis);
  });
  const well = await Promise.race([
    ending.then(
      () => true,
      () => false,
    ),
    late,
  ]);
  clearTimeout(timer);
  return well;
}
