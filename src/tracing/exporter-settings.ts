/** From the section `tracing` of the configuration to what the exporter thread is told. */
import { accessSync, constants } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { resourceAttributes } from '../config/resource-attributes.ts';
import type { TracingConfig } from '../config/tracing.ts';
import { SPAN_EXPORTERS } from '../domain/span-exporters.ts';
import { CollectorTls } from '../kit/collector-tls.ts';
import { exportHeaders } from '../kit/export-headers.ts';
import type { ExporterSettings, FallbackSettings } from './pipeline/messages.ts';
import { encodeResource, encodeScope, SCOPE_NAME } from './resource.ts';

export interface ExportOptions {
  /** Version of the gateway: `service.version` unless the configuration sets one. */
  readonly serviceVersion?: string;
  /** Where relative paths of the configuration begin; the working directory unless given. */
  readonly directory?: string;
  /** Longest time from a batch's arrival at the exporter to its delivery, retries included; a minute unless a test says otherwise. */
  readonly deadlineMillis?: number;
}

const DEADLINE_MILLIS = 60_000;

/** For the log: without what may be secret in a URL. */
export function destinationOf({ exporter, otlp }: TracingConfig): string {
  const { destination } = SPAN_EXPORTERS[exporter];
  if (destination !== undefined) return destination;
  const { origin, pathname } = new URL(otlp.endpoint);
  return origin + pathname;
}

export function exporterSettings(config: TracingConfig, options: ExportOptions): ExporterSettings {
  const { otlp } = config;
  const { serviceVersion = '', deadlineMillis, directory = process.cwd() } = options;
  const pathOf = (file: string | undefined) => (file === undefined ? undefined : resolve(directory, file));
  return {
    exporter: config.exporter,
    endpoint: otlp.endpoint,
    protocol: otlp.protocol,
    tracesPath: otlp.traces_path,
    compression: otlp.compression,
    headers: otlp.headers,
    headersFile: pathOf(otlp.headers_file),
    tls: otlp.tls && {
      caFile: pathOf(otlp.tls.ca_file),
      certFile: pathOf(otlp.tls.cert_file),
      keyFile: pathOf(otlp.tls.key_file),
    },
    fallback: fallbackSettings(config, directory),
    timeoutMillis: otlp.timeout_seconds * 1000,
    deadlineMillis: deadlineMillis ?? DEADLINE_MILLIS,
    userAgent: `mizuchi-uploadr/${serviceVersion || 'unknown'} (OTLP exporter)`,
    resource: encodeResource(resourceAttributes(config, serviceVersion)),
    scope: encodeScope(SCOPE_NAME, serviceVersion),
  };
}

function fallbackSettings({ fallback, fallback_file }: TracingConfig, directory: string): FallbackSettings | undefined {
  if (fallback === 'none') return undefined;
  if (fallback === 'console') return { to: 'console' };
  const { path, max_size, max_files } = fallback_file;
  return { to: 'file', path: resolve(directory, path), maxBytes: max_size, maxFiles: max_files };
}

/** What would otherwise fail later, in the thread, is said when the gateway starts. @throws Error that names the file. */
export function checkFiles({ headers, headersFile, tls, fallback }: ExporterSettings): void {
  try {
    exportHeaders(headers, headersFile);
    new CollectorTls(tls);
    if (fallback?.to === 'file') accessSync(dirname(fallback.path), constants.W_OK);
  } catch (error) {
    throw new Error(`tracing: ${(error as Error).message}`);
  }
}
