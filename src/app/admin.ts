/** The admin port of one gateway: `/metrics`, where the configuration enables it. */
import type { MetricsConfig } from '../config/metrics.ts';
import { expose } from '../metrics/exposition.ts';
import type { Registry } from '../metrics/registry.ts';
import { type AdminPort, openAdminPort } from '../server/admin-port.ts';
import type { Lifetime } from './lifetime.ts';

/** @throws Error (EADDRINUSE, EACCES …) if the address cannot be bound. */
export async function openAdmin(
  metrics: MetricsConfig,
  lifetime: Lifetime,
  registry: Registry,
): Promise<AdminPort | undefined> {
  if (!metrics.enabled) return undefined;
  const { address: host, port, allowed_hosts: allowedHosts = [], max_connections: connections } = metrics;
  const render = (accept: string) => expose(registry, accept);
  const admin = await openAdminPort({ host, port, allowedHosts, connections, render });
  lifetime.onClose(() => admin.close());
  return admin;
}
