/** Creates the exporter that the settings describe. gRPC is loaded only where it is configured. */
import { CollectorTls } from '../collector-tls.ts';
import { type ExportHeaders, exportHeaders } from '../export-headers.ts';
import type { ExportSettings } from '../messages.ts';
import type { SharedLookup } from '../shared-lookup.ts';
import { SIGNALS, type Signal } from '../signal.ts';
import { gzip } from './gzip.ts';
import { HttpExporter } from './http.ts';
import type { Exporter } from './result.ts';

export interface CreatedExporter {
  readonly exporter: Exporter;
  readonly headers: ExportHeaders;
}

/** @throws Error if a file that the settings name cannot be used. */
export async function createExporter(
  signal: Signal,
  settings: ExportSettings,
  lookup: SharedLookup,
): Promise<CreatedExporter> {
  const headers = exportHeaders(settings.headers, settings.headersFile);
  return { exporter: await exporterOf(signal, settings, headers, lookup), headers };
}

async function exporterOf(
  signal: Signal,
  settings: ExportSettings,
  headers: ExportHeaders,
  lookup: SharedLookup,
): Promise<Exporter> {
  if (settings.exporter === 'console') {
    const { ConsoleExporter } = await import('./console.ts');
    return new ConsoleExporter();
  }
  const parts = { ...settings, headers, tls: new CollectorTls(settings.tls) };
  if (settings.protocol === 'grpc') {
    const { GrpcExporter } = await import('./grpc.ts');
    return new GrpcExporter({ ...parts, lookup, method: SIGNALS[signal].method });
  }
  return new HttpExporter({
    ...parts,
    lookup: lookup.lookup,
    url: exportUrl(settings.endpoint, settings.path),
    compress: settings.compression === 'gzip' ? gzip : undefined,
  });
}

/** The endpoint is a base; the path of the signal is appended, unless the endpoint ends so (OTLP exporter specification). */
export function exportUrl(endpoint: string, path: string): string {
  const url = new URL(endpoint);
  if (!url.pathname.endsWith(path)) url.pathname = `${url.pathname.replace(/\/$/, '')}${path}`;
  return url.href;
}
