/** What the log reports when a gateway has started: the address, and settings that deserve attention. */
import type { Config } from '../config/config.ts';
import { deprecatedSettings } from '../config/deprecated-settings.ts';
import type { VariableWarning } from '../config/variable-warning.ts';
import type { Log } from '../domain/log.ts';

export interface StartedPorts {
  readonly host: string;
  readonly port: number;
  readonly adminPort: number | undefined;
  /** Undefined for one process. */
  readonly workers?: number;
}

export function logStart(
  log: Log,
  config: Config,
  warnings: readonly VariableWarning[],
  { host, port, adminPort, workers }: StartedPorts,
): void {
  for (const warning of warnings) log.warn(warning, 'a variable of OpenTelemetry is not followed');
  for (const deprecated of deprecatedSettings(config)) log.warn(deprecated, 'this setting is deprecated');
  for (const { name, path_prefix, auth } of config.buckets) {
    if (auth.enabled) continue;
    log.warn(
      { bucket: name, path_prefix },
      'anonymous uploads: every client that reaches this port may write into this bucket',
    );
  }
  const address = `${host}:${port}`;
  const metrics_port = config.metrics.enabled ? adminPort : undefined;
  log.info({ address, metrics_port, admin_port: adminPort, workers, tracing: config.tracing.enabled }, 'listening');
}
