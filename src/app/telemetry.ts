/**
 * Log, metrics and traces of one gateway, as its configuration asks for them. The code of tracing is imported here and
 * nowhere else in the gateway, and only when tracing is enabled.
 */
import type { Config } from '../config/config.ts';
import { resourceAttributes } from '../config/resource-attributes.ts';
import type { TracingConfig } from '../config/tracing.ts';
import { NO_TRACER, type RequestTracer } from '../domain/span.ts';
import { packageVersion } from '../kit/package-version.ts';
import { createLog, type ProcessLog } from '../logging/create-log.ts';
import { logWithoutCredentials } from '../logging/without-credentials.ts';
import { Registry } from '../metrics/registry.ts';
import { watchTracer } from '../metrics/tracer-metrics.ts';
import type { Lifetime } from './lifetime.ts';

export interface Telemetry {
  readonly registry: Registry;
  readonly tracer: RequestTracer;
}

/** @param given a log of the embedding program, which is not closed here. */
export async function openLog(config: Config, directory: string, given?: ProcessLog): Promise<ProcessLog> {
  const log = given ?? createLog(config.logging);
  if (config.logging.otlp !== undefined || config.metrics.otlp !== undefined) {
    const { watchSdk } = await import('./watch-sdk.ts');
    watchSdk(log);
  }
  if (config.logging.otlp === undefined) return given === undefined ? logWithoutCredentials(log) : unclosed(log);
  const { pushLogs } = await import('../logging/otlp.ts');
  return logWithoutCredentials(await pushLogs(log, config.logging, resourceOf(config), directory));
}

function unclosed(log: ProcessLog): ProcessLog {
  return { ...logWithoutCredentials(log), close: async () => {} };
}

/** @param given a tracer of the embedding program, which is not shut down here. */
export async function openTelemetry(
  config: Config,
  lifetime: Lifetime,
  { log, directory }: { readonly log: ProcessLog; readonly directory: string },
  given?: RequestTracer,
): Promise<Telemetry> {
  const registry = new Registry();
  await pushMetrics(config, lifetime, registry, log, directory);
  const tracer = given ?? (await openTracer(config.tracing, lifetime, registry, log, directory));
  return { registry, tracer };
}

async function pushMetrics(
  config: Config,
  lifetime: Lifetime,
  registry: Registry,
  log: ProcessLog,
  directory: string,
): Promise<void> {
  const { otlp } = config.metrics;
  if (otlp === undefined) return;
  const { pushMetrics: push } = await import('../metrics/otlp.ts');
  lifetime.onFlush(await push(registry, otlp, resourceOf(config), log, directory));
}

async function openTracer(
  config: TracingConfig,
  lifetime: Lifetime,
  registry: Registry,
  log: ProcessLog,
  directory: string,
): Promise<RequestTracer> {
  if (!config.enabled) return NO_TRACER;
  const { startTracing } = await import('../tracing/start.ts');
  const handle = await startTracing(config, { log, directory, serviceVersion: packageVersion() });
  lifetime.onFlush((millis) => handle.shutdown(millis));
  if (handle.stats !== undefined) watchTracer(registry, handle.stats);
  return handle.tracer;
}

function resourceOf({ tracing }: Config): ReturnType<typeof resourceAttributes> {
  return resourceAttributes(tracing, packageVersion());
}
