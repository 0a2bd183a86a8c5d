/** The admin port of one gateway: `/metrics`, probes and reloads, where the configuration enables them. */
import { adminAddress } from '../config/admin.ts';
import type { Config } from '../config/config.ts';
import { expose } from '../metrics/exposition.ts';
import type { Registry } from '../metrics/registry.ts';
import { type AdminPort, type AdminReload, openAdminPort } from '../server/admin-port.ts';
import type { Probes } from '../server/probes.ts';
import type { Lifetime } from './lifetime.ts';
import type { Reloads } from './reload/reloads.ts';

/**
 * @param reloads undefined until the gateway has started, and without a configuration file.
 * @throws Error (EADDRINUSE, EACCES …) if the address cannot be bound.
 */
export async function openAdmin(
  config: Config,
  lifetime: Lifetime,
  registry: Registry,
  probes: Probes,
  reloads: () => Reloads | undefined,
): Promise<AdminPort | undefined> {
  const address = adminAddress(config);
  if (address === undefined) return undefined;
  const render = config.metrics.enabled ? (accept: string) => expose(registry, accept) : undefined;
  const reload = config.admin.reload ? (isDryRun: boolean) => reloaded(reloads(), isDryRun) : undefined;
  const admin = await openAdminPort({ ...address, probes, render, reload });
  lifetime.onClose(() => admin.close());
  return admin;
}

const reloaded: (reloads: Reloads | undefined, isDryRun: boolean) => ReturnType<AdminReload> = async (
  reloads,
  isDryRun,
) => {
  if (reloads === undefined)
    return { status: 409, document: { problem: 'the configuration of this gateway is not a file' } };
  try {
    const { applied, needRestart } = await (isDryRun ? reloads.dryRun() : reloads.run());
    return { status: 200, document: { file: reloads.file, changed: applied, need_restart: needRestart } };
  } catch (error) {
    return { status: 422, document: { file: reloads.file, problem: (error as Error).message } };
  }
};
