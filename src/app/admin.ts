/** The admin port of one gateway: `/metrics` and probes, where the configuration enables them. */
import { adminAddress } from '../config/admin.ts';
import type { Config } from '../config/config.ts';
import { expose } from '../metrics/exposition.ts';
import type { Registry } from '../metrics/registry.ts';
import { type AdminPort, openAdminPort } from '../server/admin-port.ts';
import type { Probes } from '../server/probes.ts';
import type { Lifetime } from './lifetime.ts';

/** @throws Error (EADDRINUSE, EACCES …) if the address cannot be bound. */
export async function openAdmin(
  config: Config,
  lifetime: Lifetime,
  registry: Registry,
  probes: Probes,
): Promise<AdminPort | undefined> {
  const address = adminAddress(config);
  if (address === undefined) return undefined;
  const render = config.metrics.enabled ? (accept: string) => expose(registry, accept) : undefined;
  const admin = await openAdminPort({ ...address, probes, render });
  lifetime.onClose(() => admin.close());
  return admin;
}
