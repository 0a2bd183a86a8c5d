/** Options for the official exporters of metrics and logs, from what a configuration says of a collector. */
import type { LookupFunction } from 'node:net';
import { collectorLookup, shareLookupsOfGrpc } from './shared-lookup.ts';

export interface Collector {
  readonly endpoint: string;
  readonly protocol: 'grpc' | 'http/protobuf';
  readonly timeout_seconds: number;
  readonly compression: 'gzip' | 'none';
  readonly headers: Readonly<Record<string, string>>;
}

export interface HttpOptions {
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly timeoutMillis: number;
  readonly compression: never;
  readonly httpAgentOptions: { readonly keepAlive: true; readonly lookup: LookupFunction };
}

/** @param path that is added to the endpoint, unless it ends so already. */
export function httpOptions({ endpoint, headers, timeout_seconds, compression }: Collector, path: string): HttpOptions {
  const url = new URL(endpoint);
  if (!url.pathname.endsWith(path)) url.pathname = `${url.pathname.replace(/\/$/, '')}${path}`;
  return {
    url: url.href,
    headers: { ...headers },
    timeoutMillis: timeout_seconds * 1000,
    // The enum of the exporters is made of these words, and not exported by them.
    compression: compression as never,
    httpAgentOptions: { keepAlive: true, lookup: collectorLookup.lookup },
  };
}

/** Loads grpc-js. */
export async function grpcOptions({ endpoint, headers, timeout_seconds, compression }: Collector) {
  shareLookupsOfGrpc(collectorLookup);
  const { Metadata } = await import('@grpc/grpc-js');
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  // The scheme says whether there is TLS; the exporters make the credentials of it.
  return { url: endpoint, metadata, timeoutMillis: timeout_seconds * 1000, compression: compression as never };
}

/** Never rejects, and takes no longer: what ends an exporter may wait for a collector that hangs. */
export async function within(millis: number, ending: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, millis);
  });
  await Promise.race([ending.then(undefined, () => undefined), late]);
  clearTimeout(timer);
}
