/** The exporter that the settings ask for. What belongs to gRPC is loaded only where gRPC is spoken. */
import type { LookupFunction } from 'node:net';
import { CollectorTls } from '../../kit/collector-tls.ts';
import { type ExportHeaders, exportHeaders } from '../../kit/export-headers.ts';
import { collectorLookup } from '../../kit/shared-lookup.ts';
import type { ExporterSettings } from '../pipeline/messages.ts';
import { gzip } from './gzip.ts';
import { HttpExporter } from './http.ts';
import type { Exporter } from './result.ts';

export interface CreatedExporter {
  readonly exporter: Exporter;
  readonly headers: ExportHeaders;
}

/** @param lookup of the collector's name over HTTP. @throws Error if a file that the settings name cannot be used. */
export async function createExporter(
  settings: ExporterSettings,
  lookup: LookupFunction = collectorLookup.lookup,
): Promise<CreatedExporter> {
  const headers = exportHeaders(settings.headers, settings.headersFile);
  return { exporter: await exporterOf(settings, headers, lookup), headers };
}

async function exporterOf(
  settings: ExporterSettings,
  headers: ExportHeaders,
  lookup: LookupFunction,
): Promise<Exporter> {
  if (settings.exporter === 'console') {
    const { ConsoleExporter } = await import('./console.ts');
    return new ConsoleExporter();
  }
  const parts = { ...settings, headers, tls: new CollectorTls(settings.tls) };
  if (settings.protocol === 'grpc') {
    const { GrpcExporter } = await import('./grpc.ts');
    return new GrpcExporter(parts);
  }
  return new HttpExporter({
    ...parts,
    lookup,
    url: tracesUrl(settings.endpoint, settings.tracesPath),
    compress: settings.compression === 'gzip' ? gzip : undefined,
  });
}

/** The endpoint is a base, to which the path of traces is added, unless it is there (OTLP exporter specification). */
export function tracesUrl(endpoint: string, path = '/v1/traces'): string {
  const url = new URL(endpoint);
  if (!url.pathname.endsWith(path)) url.pathname = `${url.pathname.replace(/\/$/, '')}${path}`;
  return url.href;
}
