/** From the collector's section of the configuration to the settings of the exporter thread: the same for every signal. */
import { resolve } from 'node:path';
import { CollectorTls } from './collector-tls.ts';
import { exportHeaders } from './export-headers.ts';
import type { ExportSettings } from './messages.ts';
import {
  encodeResource,
  encodeScope,
  type ResourceAttributes,
  SCHEMA_URL,
  SCOPE_NAME,
  type Scope,
} from './otlp/resource.ts';
import { SIGNALS, type Signal } from './signal.ts';

/** The fields that `tracing.otlp`, `metrics.otlp` and `logging.otlp` have in common. */
export interface CollectorConfig extends Pick<ExportSettings, 'endpoint' | 'protocol' | 'compression' | 'headers'> {
  readonly timeout_seconds: number;
  readonly traces_path?: string;
  readonly metrics_path?: string;
  readonly logs_path?: string;
  readonly headers_file?: string | undefined;
  readonly tls?: { readonly [file in `${'ca' | 'cert' | 'key'}_file`]?: string | undefined } | undefined;
}

export interface ExportContext {
  readonly resource: ResourceAttributes;
  readonly scope: Scope;
  /** Version of the gateway, for the User-Agent. */
  readonly version: string;
  /** Where relative paths of the configuration begin. */
  readonly directory: string;
  /** Longest time from a batch's arrival at the exporter to its delivery, retries included. */
  readonly deadlineMillis: number;
}

export const DEADLINE_MILLIS = 60_000;

export function exportSettings(signal: Signal, config: CollectorConfig, context: ExportContext): ExportSettings {
  const { endpoint, protocol, compression, timeout_seconds } = config;
  const { resource, scope, version, directory, deadlineMillis } = context;
  return {
    ...accessOf(config, directory),
    exporter: 'otlp',
    endpoint,
    protocol,
    path: config[`${signal}_path`] ?? SIGNALS[signal].path,
    compression,
    timeoutMillis: timeout_seconds * 1000,
    deadlineMillis,
    userAgent: `mizuchi-uploadr/${version || 'unknown'} (OTLP exporter)`,
    resource: encodeResource(resource, SCHEMA_URL),
    scope: encodeScope(scope),
  };
}

/** What `metrics` and `logging` know of their exports. */
export type SignalContext = Pick<ExportContext, 'resource' | 'version' | 'directory'>;

/** The settings of metrics or logs. @throws Error that names section and file, if a file of the section cannot be used. */
export function checkedSettings(
  signal: 'metrics' | 'logs',
  config: CollectorConfig,
  context: SignalContext,
  deadlineMillis: number,
): ExportSettings {
  const settings = exportSettings(signal, config, {
    ...context,
    scope: { name: SCOPE_NAME, version: context.version, schemaUrl: SCHEMA_URL },
    deadlineMillis,
  });
  checkExportFiles(signal, settings);
  return settings;
}

type Access = Pick<ExportSettings, 'headers' | 'headersFile' | 'tls'>;

function accessOf({ headers, headers_file, tls }: CollectorConfig, directory: string): Access {
  const pathOf = (file: string | undefined) => (file === undefined ? undefined : resolve(directory, file));
  const files = tls && { caFile: pathOf(tls.ca_file), certFile: pathOf(tls.cert_file), keyFile: pathOf(tls.key_file) };
  return { headers, headersFile: pathOf(headers_file), tls: files };
}

/** @throws Error that names section and file, if a file of the section cannot be used. */
export function checkCollector(signal: Signal, config: CollectorConfig, directory: string): void {
  checkExportFiles(signal, accessOf(config, directory));
}

/** Reports at the start what would otherwise fail later, in the thread. @throws Error that names section and file. */
export function checkExportFiles(signal: Signal, { headers, headersFile, tls }: Access): void {
  try {
    exportHeaders(headers, headersFile);
    new CollectorTls(tls);
  } catch (error) {
    throw new Error(`${SIGNALS[signal].section}: ${(error as Error).message}`);
  }
}

/** For the log: without what may be secret in a URL. */
export function destinationOf(endpoint: string): string {
  const { origin, pathname } = new URL(endpoint);
  return origin + pathname;
}
