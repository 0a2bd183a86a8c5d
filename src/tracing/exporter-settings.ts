/** From the section `tracing` of the configuration to the settings of the exporter thread. */
import { accessSync, constants } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { resourceAttributes } from '../config/resource-attributes.ts';
import type { TracingConfig } from '../config/tracing.ts';
import { SPAN_EXPORTERS } from '../domain/span-exporters.ts';
import { checkExportFiles, DEADLINE_MILLIS, destinationOf, exportSettings } from '../export/export-settings.ts';
import type { ExportSettings, FallbackSettings } from '../export/messages.ts';
import { SCHEMA_URL, SCOPE_NAME } from '../export/otlp/resource.ts';

export interface ExportOptions {
  /** Version of the gateway: `service.version` unless the configuration sets one. */
  readonly serviceVersion?: string;
  /** Where relative paths of the configuration begin; the working directory unless given. */
  readonly directory?: string;
  /** Longest time from a batch's arrival at the exporter to its delivery, retries included; a minute unless a test gives another. */
  readonly deadlineMillis?: number;
}

/** For the log: without what may be secret in a URL. */
export function spanDestination({ exporter, otlp }: TracingConfig): string {
  return SPAN_EXPORTERS[exporter].destination ?? destinationOf(otlp.endpoint);
}

export function exporterSettings(config: TracingConfig, options: ExportOptions): ExportSettings {
  const { serviceVersion: version = '', deadlineMillis = DEADLINE_MILLIS, directory = process.cwd() } = options;
  const resource = resourceAttributes(config, version);
  // The schema has no older names.
  const schema = config.semantic_conventions === 'legacy' ? {} : { schemaUrl: SCHEMA_URL };
  const scope = { name: SCOPE_NAME, version, ...schema };
  return {
    ...exportSettings('traces', config.otlp, { resource, scope, version, directory, deadlineMillis }),
    exporter: config.exporter,
    fallback: fallbackSettings(config, directory),
  };
}

function fallbackSettings({ fallback, fallback_file }: TracingConfig, directory: string): FallbackSettings | undefined {
  if (fallback === 'none') return undefined;
  if (fallback === 'console') return { to: 'console' };
  const { path, max_size, max_files } = fallback_file;
  return { to: 'file', path: resolve(directory, path), maxBytes: max_size, maxFiles: max_files };
}

/** Reports at the start what would otherwise fail later, in the thread. @throws Error that names the file. */
export function checkFiles(settings: ExportSettings): void {
  checkExportFiles('traces', settings);
  const { fallback } = settings;
  if (fallback?.to !== 'file') return;
  try {
    accessSync(dirname(fallback.path), constants.W_OK);
  } catch (error) {
    throw new Error(`tracing: ${(error as Error).message}`);
  }
}
