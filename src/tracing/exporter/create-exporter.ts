/** The exporter for a protocol. What belongs to gRPC is loaded only where gRPC is spoken. */
import type { ExporterSettings } from '../pipeline/messages.ts';
import { gzip } from './gzip.ts';
import { HttpExporter } from './http.ts';
import type { Exporter } from './result.ts';

export async function createExporter(settings: ExporterSettings): Promise<Exporter> {
  if (settings.protocol === 'grpc') {
    const { GrpcExporter } = await import('./grpc.ts');
    return new GrpcExporter(settings);
  }
  const compress = settings.compression === 'gzip' ? gzip : undefined;
  return new HttpExporter({ ...settings, url: tracesUrl(settings.endpoint), compress });
}

/** The endpoint is a base, to which the path of traces is added, unless it is there (OTLP exporter specification). */
export function tracesUrl(endpoint: string): string {
  const url = new URL(endpoint);
  if (!url.pathname.endsWith('/v1/traces')) url.pathname = `${url.pathname.replace(/\/$/, '')}/v1/traces`;
  return url.href;
}
