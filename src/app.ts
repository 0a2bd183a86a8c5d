/** The composition root: from a configuration to a running gateway. Each part of `src/app/` opens itself and registers its end. */
import { logStart } from './app/log-start.ts';
import { type OpenOptions, openApp } from './app/open-app.ts';
import { type ConfigSource, openReloads } from './app/reload/open-reloads.ts';
import type { Config } from './config/config.ts';
import type { VariableWarning } from './config/variable-warning.ts';

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

export interface AppOptions extends OpenOptions {
  /** The file that `reload` reads again. Without it, only files of keys and certificates are read again. */
  readonly source?: ConfigSource;
  /** Variables that have no effect; each is logged once, at the start. */
  readonly warnings?: readonly VariableWarning[];
}

/** @throws Error if an address cannot be bound or a bucket has no credentials; nothing is left running then. */
export async function startApp(config: Config, options: AppOptions = {}): Promise<App> {
  const { env = {}, warnings = [], source } = options;
  const app = await openApp(config, options);
  const { lifetime, log, generation, admin } = app;
  const reloads = source === undefined ? undefined : openReloads(source, { ...app, env });
  app.admin?.useReloads(reloads);
  const adminPort = admin?.port;
  const { host, port } = app.listener;
  logStart(log, config, warnings, { host, port, adminPort });
  return {
    host,
    port,
    adminPort,
    metricsPort: config.metrics.enabled ? adminPort : undefined,
    close: () => lifetime.close(),
    reload: () =>
      reloads === undefined ? lifetime.reload(generation.reloaders) : reloads.run().then(NOTHING, NOTHING),
  };
}

/** The log has the outcome. */
const NOTHING = (): void => {};
