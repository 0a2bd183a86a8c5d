/**
 * The admin port for operators: `GET /metrics`, probes, reloads and the live view. It is separate from uploads so that it can stay
 * private, and reachable for a kubelet where uploads need a client certificate or a PROXY protocol header.
 */
import type { AddressInfo } from 'node:net';
import { accessRules } from './admin-access.ts';
import { type AdminRoutes, respondOn } from './admin-routes.ts';
import { createAdminServer } from './admin-server.ts';
import type { AdminToken } from './admin-token.ts';
import type { Certificates } from './certificates.ts';

export interface AdminPort {
  readonly host: string;
  readonly port: number;
  close(): Promise<void>;
}

export interface AdminPortOptions extends AdminRoutes {
  readonly host: string;
  readonly port: number;
  /** Allowed names in Host, in addition to IP addresses, `localhost` and `host`. */
  readonly allowedHosts: readonly string[];
  /** Maximum number of connections. */
  readonly connections: number;
  /** HTTPS instead of HTTP. */
  readonly certificates: Certificates | undefined;
  /** Required for all data; undefined where no token is needed. */
  readonly token: AdminToken | undefined;
}

export async function openAdminPort(options: AdminPortOptions): Promise<AdminPort> {
  const respond = respondOn(options, accessRules(options));
  const { server, destroyAll } = createAdminServer(options, respond);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const bound = server.address() as AddressInfo;
  return {
    host: bound.address,
    port: bound.port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        options.view?.close();
        destroyAll();
      }),
  };
}
