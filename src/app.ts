/** The composition root: from a configuration to a running gateway. Each part of `src/app/` opens itself and registers its end. */
import { openAdmin } from './app/admin.ts';
import { openEdge } from './app/edge.ts';
import { Generation } from './app/generation.ts';
import { Lifetime } from './app/lifetime.ts';
import { logStart } from './app/log-start.ts';
import { Readiness } from './app/readiness.ts';
import { type ConfigSource, openReloads } from './app/reload/open-reloads.ts';
import type { Reloads } from './app/reload/reloads.ts';
import { exporterLink, openLog, openTelemetry } from './app/telemetry.ts';
import { openUploads } from './app/uploads.ts';
import { openWorld } from './app/world.ts';
import type { Config } from './config/config.ts';
import type { Environment } from './config/expand.ts';
import type { VariableWarning } from './config/variable-warning.ts';
import type { RequestTracer } from './domain/span.ts';
import type { ProcessLog } from './logging/create-log.ts';
import { watchExport } from './metrics/export-metrics.ts';
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
   * Is not ready for `server.shutdown_delay_seconds`. Then accepts no more requests, and lets the running ones finish within
   * `server.shutdown_timeout_seconds`. Then delivers the last spans, metrics and log lines within 5 s, and releases everything.
   * Never rejects. Safe twice.
   */
  close(): Promise<void>;
  /**
   * Reads the configuration again, with the files that it names, and puts it in use as a whole. Never rejects: a problem is logged,
   * and nothing has changed then.
   */
  reload(): Promise<void>;
}

export interface AppOptions {
  /** The directory that relative paths of the configuration start from; the working directory by default. */
  readonly directory?: string;
  /** The environment for the files that the configuration names. */
  readonly env?: Environment;
  /** The file that `reload` reads again. Without it, only files of keys and certificates are read again. */
  readonly source?: ConfigSource;
  /** The log; lines on the standard output by default. */
  readonly log?: ProcessLog;
  /** Records traces instead of the tracer that the configuration describes. The caller shuts it down. */
  readonly tracer?: RequestTracer;
  /** Variables that have no effect; each is logged once, at the start. */
  readonly warnings?: readonly VariableWarning[];
}

/** @throws Error if an address cannot be bound or a bucket has no credentials; nothing is left running then. */
export async function startApp(config: Config, options: AppOptions = {}): Promise<App> {
  const { directory = process.cwd(), env = {}, warnings = [], source } = options;
  const link = exporterLink();
  const { log, exported } = await openLog(config, directory, link, options.log);
  const lifetime = new Lifetime(log);
  lifetime.onLastFlush((millis) => log.close(millis));
  try {
    const telemetry = await openTelemetry(config, lifetime, { log, directory, link }, options.tracer);
    if (exported !== undefined) watchExport(telemetry.registry, 'logs', exported);
    const world = openWorld(config, telemetry, { directory, env, log });
    const { registry, context, reloaded } = world;
    lifetime.observeReloads(reloaded);
    const generation = await Generation.open(config, world);
    const current: Current = { generation, reloads: undefined };
    lifetime.onClose(() => (current.reloads === undefined ? generation.release() : current.reloads.close()));
    const phase = new ServerPhase();
    const readiness = new Readiness(phase);
    readiness.require(config.ready, generation.services);
    const admin = await openAdmin(config, lifetime, registry, readiness, () => current.reloads);
    const edge = await openEdge(config.server, lifetime, context, registry);
    const port = { edge, phase, probes: readiness };
    const times = () => (current.reloads?.config ?? config).server;
    const listener = await openUploads(config, lifetime, world, generation.served, port, times);
    if (source !== undefined)
      current.reloads = openReloads(source, generation, { world, log, env, listener, readiness, lifetime });
    const { host, port: uploadPort } = listener;
    const adminPort = admin?.port;
    logStart(log, config, warnings, { host, port: uploadPort, adminPort });
    return {
      host,
      port: uploadPort,
      adminPort,
      metricsPort: config.metrics.enabled ? adminPort : undefined,
      close: () => lifetime.close(),
      reload: () =>
        current.reloads === undefined
          ? lifetime.reload(generation.reloaders)
          : current.reloads.run().then(NOTHING, NOTHING),
    };
  } catch (error) {
    await lifetime.close();
    throw error;
  }
}

interface Current {
  readonly generation: Generation;
  /** Undefined until the gateway has started, and without a file. */
  reloads: Reloads | undefined;
}

/** The log has the outcome. */
const NOTHING = (): void => {};
