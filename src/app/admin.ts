/** The admin port of one gateway: `/metrics`, probes, reloads and the live view, where the configuration enables them. */
import { resolve } from 'node:path';
import { adminAddress } from '../config/admin.ts';
import type { Config } from '../config/config.ts';
import { withoutCredentials } from '../kit/without-credentials.ts';
import { expose } from '../metrics/exposition.ts';
import type { Registry } from '../metrics/registry.ts';
import { type AdminPort, openAdminPort } from '../server/admin-port.ts';
import type { AdminRoutes, AdminView } from '../server/admin-routes.ts';
import { type AdminToken, openAdminToken } from '../server/admin-token.ts';
import type { Certificates } from '../server/certificates.ts';
import type { Probes } from '../server/probes.ts';
import type { Lifetime } from './lifetime.ts';
import type { Reloads } from './reload/reloads.ts';

export interface OpenedAdmin extends Pick<AdminPort, 'host' | 'port'> {
  /** The gateway has started. @param reloads undefined if its configuration is not a file. */
  useReloads(reloads: Reloads | undefined): void;
}

export interface AdminParts {
  readonly probes: Probes;
  /** The directory that `admin.token_file` is relative to. */
  readonly directory: string;
  /** Of `server.tls`; undefined where it is not set. */
  readonly certificates: Certificates | undefined;
  /** Opens the live view; undefined where `admin.view` is off. @param reloads of this gateway, once it has started. */
  readonly openView?: ((reloads: () => Reloads | undefined) => Promise<AdminView>) | undefined;
}

/** @throws Error (EADDRINUSE, EACCES …) if the address cannot be bound, or the token file is unusable. */
export function openAdmin(
  config: Config,
  lifetime: Lifetime,
  registry: Registry,
  parts: AdminParts,
): Promise<OpenedAdmin | undefined> {
  return openAdminWith(config, lifetime, parts, (accept) => expose(registry, accept));
}

/** @param render the metrics. @throws Error like openAdmin. */
export async function openAdminWith(
  config: Config,
  lifetime: Lifetime,
  { probes, directory, certificates, openView }: AdminParts,
  render: NonNullable<AdminRoutes['render']>,
): Promise<OpenedAdmin | undefined> {
  const address = adminAddress(config);
  if (address === undefined) return undefined;
  let reloads: Reloads | undefined;
  const admin = await openAdminPort({
    ...address,
    certificates: config.admin.tls ? certificates : undefined,
    token: tokenIn(config.admin.token_file, directory),
    view: await openView?.(() => reloads),
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

function tokenIn(file: string | undefined, directory: string): AdminToken | undefined {
  if (file === undefined) return undefined;
  try {
    return openAdminToken(resolve(directory, file));
  } catch (cause) {
    throw new Error(`admin.token_file: ${(cause as Error).message}`, { cause });
  }
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
