/** The admin port of one gateway: `/metrics`, probes and reloads, where the configuration enables them. */
import { adminAddress } from '../config/admin.ts';
import type { Config } from '../config/config.ts';
import { withoutCredentials } from '../kit/without-credentials.ts';
import { type Exposition, expose } from '../metrics/exposition.ts';
import type { Registry } from '../metrics/registry.ts';
import { type AdminPort, openAdminPort } from '../server/admin-port.ts';
import type { Probes } from '../server/probes.ts';
import type { Lifetime } from './lifetime.ts';
import type { Reloads } from './reload/reloads.ts';

export interface OpenedAdmin extends Pick<AdminPort, 'host' | 'port'> {
  /** The gateway has started. @param reloads undefined if its configuration is not a file. */
  useReloads(reloads: Reloads | undefined): void;
}

/** @throws Error (EADDRINUSE, EACCES …) if the address cannot be bound. */
export function openAdmin(
  config: Config,
  lifetime: Lifetime,
  registry: Registry,
  probes: Probes,
): Promise<OpenedAdmin | undefined> {
  return openAdminWith(config, lifetime, probes, (accept) => expose(registry, accept));
}

/** @param render the metrics. @throws Error (EADDRINUSE, EACCES …) if the address cannot be bound. */
export async function openAdminWith(
  config: Config,
  lifetime: Lifetime,
  probes: Probes,
  render: (accept: string) => Exposition | Promise<Exposition>,
): Promise<OpenedAdmin | undefined> {
  const address = adminAddress(config);
  if (address === undefined) return undefined;
  let reloads: Reloads | undefined;
  const admin = await openAdminPort({
    ...address,
    probes,
    render: config.metrics.enabled ? render : undefined,
    reload: config.admin.reload ? (isDryRun) => reloaded(reloads, isDryRun) : undefined,
  });
  lifetime.onClose(() => admin.close());
  return {
    host: admin.host,
    port: admin.port,
    useReloads(some) {
      reloads = some;
    },
  };
}

async function reloaded(
  reloads: Reloads | undefined,
  isDryRun: boolean,
): Promise<{ status: number; document: object }> {
  if (reloads === undefined)
    return { status: 409, document: { problem: 'this gateway cannot reload its configuration' } };
  const { file } = reloads;
  try {
    const { applied, needRestart } = await (isDryRun ? reloads.dryRun() : reloads.run());
    return { status: 200, document: { file, changed: applied, need_restart: needRestart } };
  } catch (error) {
    return { status: 422, document: { file, problem: withoutCredentials((error as Error).message) } };
  }
}
