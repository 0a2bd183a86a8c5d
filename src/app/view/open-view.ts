/** The live view of a gateway. Its code is imported here, and only where it is enabled. */
import { adminAddress } from '../../config/admin.ts';
import type { Config } from '../../config/config.ts';
import type { Log } from '../../domain/log.ts';
import { packageVersion } from '../../kit/package-version.ts';
import type { Family } from '../../metrics/registry.ts';
import type { AdminView } from '../../server/admin-routes.ts';
import type { Probes } from '../../server/probes.ts';
import type { ObservedProcess } from '../../view/observed-process.ts';
import type { ViewedProcess } from '../../view/sources.ts';
import { pseudonymKey } from '../derived-keys.ts';
import type { Reloads } from '../reload/reloads.ts';
import type { Exported, Telemetry } from '../telemetry.ts';

/** Whether this process collects the data of the view: for its own admin port, or for that of its primary. */
export function collectsView(config: Config, isWorker: boolean): boolean {
  return config.admin.view && (isWorker || adminAddress(config) !== undefined);
}

/** @returns undefined where the view is disabled. */
export async function openObservedProcess(
  config: Config,
  { recorded }: Pick<Telemetry, 'recorded'>,
  log: Log,
  isWorker: boolean,
): Promise<ObservedProcess | undefined> {
  if (!collectsView(config, isWorker)) return undefined;
  const { ObservedProcess: Observed } = await import('../../view/observed-process.ts');
  return new Observed({
    secret: pseudonymKey(config),
    showKeys: config.admin.show_keys,
    recorded,
    failed: (error) => log.error({ stack: error.stack }, 'the live view could not keep a request'),
  });
}

export interface ViewParts {
  readonly config: Config;
  readonly log: Log;
  readonly probes: Probes;
  /** The processes that serve uploads at the moment. */
  processes(): readonly ViewedProcess[];
  /** The signals that this process exports, beyond those of `processes`. */
  readonly exports?: readonly Exported[];
  /** The metrics of the whole gateway. */
  families(): readonly Family[] | Promise<readonly Family[]>;
  /** Undefined if the configuration is not a file. */
  reloads(): Reloads | undefined;
}

/** The view as the admin port serves it. */
export async function openAdminView(parts: ViewParts): Promise<AdminView> {
  const { config, log, probes } = parts;
  const { collectorService } = await import('../../view/collector-service.ts');
  const { openGatewayView } = await import('../../view/gateway-view.ts');
  const { healthDocument } = await import('../../view/health-document.ts');
  const { responses } = await import('../../view/responses.ts');
  const { openViewHandler } = await import('../../view/http/open-view-handler.ts');
  const { documentOfProgram, openConfigDocument } = await import('./config-document.ts');
  const version = packageVersion();
  let configOfFile: ReturnType<typeof openConfigDocument> | undefined;
  const source = openGatewayView({
    about: {
      version,
      trace_url: config.admin.trace_url ?? null,
      shows_keys: config.admin.show_keys,
      tracing: config.tracing.enabled,
    },
    processes: () => parts.processes(),
    async health(processes) {
      const own = { services: (parts.exports ?? []).map(collectorService), failures: [] };
      // Together, because each of them waits for a worker that does not respond.
      const [all, { status: ready }, families] = await Promise.all([
        responses(processes, ({ view }) => view.health()),
        probes.ready(),
        parts.families(),
      ]);
      return healthDocument({ version, ready, families, processes: [own, ...all.map(([, health]) => health)] });
    },
    async config() {
      const reloads = parts.reloads();
      if (reloads === undefined) return documentOfProgram(config);
      configOfFile ??= openConfigDocument(reloads);
      return configOfFile();
    },
  });
  return openViewHandler(source, {
    failed: (error) => log.warn({ problem: error.message }, 'a document of the live view could not be made'),
  });
}
