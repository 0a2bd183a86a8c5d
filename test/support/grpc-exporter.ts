/** The gRPC exporter of traces, with settings for tests. */
import { CollectorTls } from '../../src/export/collector-tls.ts';
import { exportHeaders } from '../../src/export/export-headers.ts';
import { collectorLookup } from '../../src/export/shared-lookup.ts';
import { SIGNALS } from '../../src/export/signal.ts';
import { GrpcExporter, type GrpcExporterOptions } from '../../src/export/thread/grpc.ts';
import type { ExportResult } from '../../src/export/thread/result.ts';

/** An empty ResourceSpans. */
export const REQUEST: Uint8Array = Buffer.from([0x0a, 0x00]);

export function grpcExporter(endpoint: string, options: Partial<GrpcExporterOptions> = {}): GrpcExporter {
  return new GrpcExporter({
    endpoint,
    headers: exportHeaders({}, undefined),
    tls: new CollectorTls(),
    userAgent: 'test',
    timeoutMillis: 5000,
    compression: 'none',
    method: SIGNALS.traces.method,
    lookup: collectorLookup,
    ...options,
  });
}

/** The result of one attempt with an exporter of its own. */
export async function grpcResult(
  endpoint: string,
  options: Partial<GrpcExporterOptions> = {},
  request = REQUEST,
): Promise<ExportResult> {
  const exporter = grpcExporter(endpoint, options);
  return exporter.export(request).finally(() => exporter.close());
}
