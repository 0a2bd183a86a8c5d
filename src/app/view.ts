/** The live view of one gateway. Its code is imported here, and only where it is enabled. */
import { adminAddress } from '../config/admin.ts';
import type { Config } from '../config/config.ts';
import type { Log } from '../domain/log.ts';
import { packageVersion } from '../kit/package-version.ts';
import type { Family } from '../metrics/registry.ts';
import type { AdminView } from '../server/admin-routes.ts';
import type { Probes } from '../server/probes.ts';
import type { ObservedProcess } from '../view/observed-process.ts';
import type { ViewedProcess } from '../view/sources.ts';
import { pseudonymKey } from './derived-keys.ts';
import type { Reloads } from './reload/reloads.ts';
import type { Telemetry } from './telemetry.ts';

/** Whether this process collects the data of the view: for its own admin port, or for that of its primary. */
export function collectsView(config: Config, isWorker: boolean): boolean {
  return config.admin.view && (isWorker || adminAddress(config) !== undefined);
}

/** @returns undefined where there is no view. */
export async function openObservedProcess(
  config: Config,
  { recorded }: Pick<Telemetry, 'recorded'>,
  isWorker: boolean,
): Promise<ObservedProcess | undefined> {
  if (!collectsView(config, isWorker)) return undefined;
  const { ObservedProcess: Observed } = await import('../view/observed-process.ts');
  return new Observed({ secret: pseudonymKey(config), showKeys: config.admin.show_keys, recorded });
}

export interface ViewParts {
  readonly log: Log;
  readonly probes: Probes;
  processes(): readonly ViewedProcess[];
  /** The metrics of the whole gateway. */
  families(): readonly Family[] | Promise<readonly Family[]>;
  /** Undefined if the configuration is not a file. */
  reloads(): Reloads | undefined;
}
