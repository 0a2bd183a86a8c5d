/**
 * Log, metrics and traces of one gateway, as its configuration describes them. The code of tracing and of the export is imported
 * here and nowhere else in the gateway, and only when it is enabled.
 */
import type { Config } from '../config/config.ts';
import { resourceAttributes } from '../config/resource-attributes.ts';
import type { TracingConfig } from '../config/tracing.ts';
import type { RecordedRequests } from '../domain/recorded-requests.ts';
import { NO_TRACER, type RequestTracer } from '../domain/span.ts';
import { SPAN_EXPORTERS } from '../domain/span-exporters.ts';
import type { ExportStats } from '../export/export-counts.ts';
import type { ExporterLink } from '../export/exporter-link.ts';
import type { Signal } from '../export/signal.ts';
import { packageVersion } from '../kit/package-version.ts';
import { createLog, type ProcessLog } from '../logging/create-log.ts';
import { logWithoutCredentials } from '../logging/without-credentials.ts';
import { watchExport } from '../metrics/export-metrics.ts';
import { watchProcess } from '../metrics/process-metrics.ts';
import { type Family, Registry } from '../metrics/registry.ts';
import { watchTracer } from '../metrics/tracer-metrics.ts';
import type { Lifetime } from './lifetime.ts';

export interface Telemetry {
  readonly registry: Registry;
  readonly tracer: RequestTracer;
  /** The spans of all requests; undefined unless they are collected, and where another provider records them. */
  readonly recorded: RecordedRequests | undefined;
  /** The signals that this process exports. */
  readonly exports: readonly Exported[];
}

/** One signal on its way to a collector. */
export interface Exported {
  readonly signal: Signal;
  readonly endpoint: string;
  stats(): ExportStats;
}

/** The exporter thread that all signals share; its code is loaded with the first signal that is exported. */
export type OpenLink = () => Promise<ExporterLink>;

export function exporterLink(): OpenLink {
  let link: Promise<ExporterLink> | undefined;
  return () => (link ??= import('../export/exporter-link.ts').then(({ ExporterLink: Link }) => new Link()));
}

export interface OpenedLog {
  readonly log: ProcessLog;
  /** Undefined if no records are exported. */
  readonly exported: Exported | undefined;
}

/** @param given a log of the embedding program, which is not closed here. */
export async function openLog(
  config: Config,
  directory: string,
  link: OpenLink,
  given?: ProcessLog,
): Promise<OpenedLog> {
  const lines = given === undefined ? logWithoutCredentials(createLog(config.logging)) : unclosed(given);
  if (config.logging.otlp === undefined) return { log: lines, exported: undefined };
  const { pushLogs } = await import('../logging/otlp.ts');
  const log = pushLogs(lines, config.logging, exportContext(config, directory), await link());
  const { endpoint } = config.logging.otlp;
  return { log: logWithoutCredentials(log), exported: { signal: 'logs', endpoint, stats: log.stats } };
}

function unclosed(log: ProcessLog): ProcessLog {
  return { ...logWithoutCredentials(log), close: async () => {} };
}

interface TelemetryContext {
  readonly log: ProcessLog;
  readonly directory: string;
  readonly link: OpenLink;
  readonly isWorker: boolean;
  /** Whether the spans of all requests are collected, for the live view. */
  readonly collects?: boolean;
}

/**
 * @param given a tracer of the embedding program, which is not shut down here.
 * @param logs their export.
 */
export async function openTelemetry(
  config: Config,
  lifetime: Lifetime,
  context: TelemetryContext,
  given?: RequestTracer,
  logs?: Exported,
): Promise<Telemetry> {
  const registry = new Registry(config.metrics.otlp !== undefined);
  if (config.metrics.enabled || config.metrics.otlp !== undefined) {
    const stop = watchProcess(registry, packageVersion());
    lifetime.onClose(async () => stop());
  }
  if (logs !== undefined) watchExport(registry, 'logs', logs.stats);
  const collect = () => registry.collect();
  const metrics = context.isWorker ? undefined : await pushMetrics(config, lifetime, registry, collect, context);
  const { tracer, recorded, exported } =
    given === undefined ? await openTracer(config.tracing, lifetime, registry, context) : { tracer: given };
  return { registry, tracer, recorded, exports: [exported, metrics, logs].filter((each) => each !== undefined) };
}

/** @param source collects the metrics. @returns undefined if they are not exported. */
export async function pushMetrics(
  config: Config,
  lifetime: Lifetime,
  registry: Registry,
  source: () => readonly Family[] | Promise<readonly Family[]>,
  { log, directory, link }: Pick<TelemetryContext, 'log' | 'directory' | 'link'>,
): Promise<Exported | undefined> {
  const { otlp } = config.metrics;
  if (otlp === undefined) return undefined;
  const { pushMetrics: push } = await import('../metrics/otlp.ts');
  const { stats, shutdown } = push(source, otlp, exportContext(config, directory), await link(), log);
  watchExport(registry, 'metrics', stats);
  lifetime.onFlush(shutdown);
  return { signal: 'metrics', endpoint: otlp.endpoint, stats };
}

interface OpenedTracer {
  readonly tracer: RequestTracer;
  readonly recorded?: RecordedRequests | undefined;
  /** Undefined without a collector. */
  readonly exported?: Exported | undefined;
}

async function openTracer(
  config: TracingConfig,
  lifetime: Lifetime,
  registry: Registry,
  { log, directory, link, collects = false }: TelemetryContext,
): Promise<OpenedTracer> {
  if (!config.enabled) return { tracer: NO_TRACER };
  const { startTracing } = await import('../tracing/start.ts');
  const options = { log, directory, collects, serviceVersion: packageVersion(), link: await link() };
  const handle = await startTracing(config, options);
  lifetime.onFlush((millis) => handle.shutdown(millis));
  const { tracer, stats, recorded } = handle;
  if (stats === undefined) return { tracer };
  watchTracer(registry, stats);
  const hasCollector = SPAN_EXPORTERS[config.exporter].destination === undefined;
  const exported: Exported = { signal: 'traces', endpoint: config.otlp.endpoint, stats };
  return { tracer, recorded, exported: hasCollector ? exported : undefined };
}

function exportContext({ tracing }: Config, directory: string) {
  const version = packageVersion();
  return { resource: resourceAttributes(tracing, version), version, directory };
}
