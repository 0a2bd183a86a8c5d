/** The composition root: from a configuration to a running gateway. Each part of `src/app/` opens itself and registers its end. */
import { openAdmin } from './app/admin.ts';
import { openBuckets } from './app/buckets.ts';
import { openEdge } from './app/edge.ts';
import { Lifetime } from './app/lifetime.ts';
import { logStart } from './app/log-start.ts';
import { Readiness, requiredServices } from './app/readiness.ts';
import { exporterLink, openLog, openTelemetry } from './app/telemetry.ts';
import { openUploads } from './app/uploads.ts';
import type { Config } from './config/config.ts';
import type { Environment } from './config/expand.ts';
import type { VariableWarning } from './config/variable-warning.ts';
import type { RequestTracer } from './domain/span.ts';
import type { ProcessLog } from './logging/create-log.ts';
import { watchExport } from './metrics/export-metrics.ts';
import { watchIdentity } from './metrics/identity-metrics.ts';
import { ServerPhase } from './server/server-phase.ts';

export interface App {
  /** The address of the upload port. */
  readonly host: string;
  readonly port: number;
  /** The port of `/metrics` and of probes; undefined where it is closed. */
  readonly adminPort: number | undefined;
  /** The same; undefined where metrics are disabled. */
  readonly metricsPort: number | undefined;
  /**
   * Is not ready for `server.shutdown_delay_seconds`. Then accepts no more requests, and lets the running ones finish within `server.shutdown_timeout_seconds`. Then delivers the last
   * spans, metrics and log lines within 5 s, and releases everything. Never rejects. Safe twice.
   */
  close(): Promise<void>;
  /** Reads the files with access keys and certificates again. A file that cannot be used is logged, and its previous content stays in use. */
  reload(): Promise<void>;
}

export interface AppOptions {
  /** The directory that relative paths of the configuration start from; the working directory by default. */
  readonly directory?: string;
  /** The environment for the files that the configuration names. */
  readonly env?: Environment;
  /** The log; lines on the standard output by default. */
  readonly log?: ProcessLog;
  /** Records traces instead of the tracer that the configuration describes. The caller shuts it down. */
  readonly tracer?: RequestTracer;
  /** The descriptor of a TCP socket that already listens: the upload port, instead of `server.address`. */
  readonly uploadSocket?: number | undefined;
  /** Variables that have no effect; each is logged once, at the start. */
  readonly warnings?: readonly VariableWarning[];
}

/** @throws Error if an address cannot be bound or a bucket has no credentials; nothing is left running then. */
export async function startApp(config: Config, options: AppOptions = {}): Promise<App> {
  const { directory = process.cwd(), env = {}, warnings = [] } = options;
  const link = exporterLink();
  const { log, exported } = await openLog(config, directory, link, options.log);
  const lifetime = new Lifetime(log);
  lifetime.onLastFlush((millis) => log.close(millis));
  try {
    const telemetry = await openTelemetry(config, lifetime, { log, directory, link }, options.tracer);
    if (exported !== undefined) watchExport(telemetry.registry, 'logs', exported);
    const context = { directory, env, log, watch: watchIdentity(telemetry.registry) };
    const routes = await openBuckets(config, lifetime, context);
    const phase = new ServerPhase();
    const readiness = new Readiness(phase, requiredServices(config.ready, lifetime));
    const admin = await openAdmin(config, lifetime, telemetry.registry, readiness);
    const edge = await openEdge(config.server, lifetime, context, telemetry.registry);
    const { host, port } = await openUploads(config, lifetime, context, telemetry, routes, {
      edge,
      phase,
      probes: readiness,
      socket: options.uploadSocket,
    });
    const adminPort = admin?.port;
    logStart(log, config, warnings, { host, port, adminPort });
    const metricsPort = config.metrics.enabled ? adminPort : undefined;
    return { host, port, adminPort, metricsPort, close: () => lifetime.close(), reload: () => lifetime.reload() };
  } catch (error) {
    await lifetime.close();
    throw error;
  }
}
