/** The edge of the upload port: its certificates, trusted load balancers and proxies, and the report of refused connections. */
import { resolve } from 'node:path';
import type { ServerConfig } from '../config/server.ts';
import type { Log } from '../domain/log.ts';
import { addressSet } from '../kit/address-set.ts';
import { watchCertificates } from '../metrics/certificate-metrics.ts';
import { countRefusedConnection } from '../metrics/connection-metrics.ts';
import type { Registry } from '../metrics/registry.ts';
import { Certificates } from '../server/certificates.ts';
import type { RefusedConnection } from '../server/refused-connection.ts';
import type { EdgeOptions } from '../server/upload-port.ts';
import type { AppContext } from './context.ts';
import type { Lifetime, Reloader } from './lifetime.ts';

/** Limit for refused connections; the metric also counts those without a line. */
const LINES_A_SECOND = 20;

export function openEdge(
  config: ServerConfig,
  certificates: Certificates | undefined,
  { log }: Pick<AppContext, 'log'>,
  registry: Registry,
): EdgeOptions {
  const { proxy_protocol, trusted_proxies, forwarded_header } = config;
  if (certificates !== undefined) watchCertificates(registry, certificates);
  return {
    certificates,
    proxyProtocol: proxy_protocol && addressSet(proxy_protocol.trusted),
    forwarded: trusted_proxies && { trusted: addressSet(trusted_proxies), header: forwarded_header },
    refused: refusals(log, registry),
  };
}

/** Counts every connection, and logs a limited number: a flood of the port must not flood the log. */
function refusals(log: Log, registry: Registry): RefusedConnection {
  let window = { since: 0, lines: 0 };
  return (problem, peer, detail) => {
    countRefusedConnection(registry, problem);
    if (performance.now() - window.since > 1_000) window = { since: performance.now(), lines: 0 };
    if (++window.lines > LINES_A_SECOND) return;
    log.warn({ peer_address: peer, problem, detail }, 'connection refused');
  };
}

/** @throws Error that names the setting, if its files are unusable. */
export async function openCertificates(
  tls: ServerConfig['tls'],
  lifetime: Lifetime,
  directory: string,
): Promise<Certificates | undefined> {
  if (tls === undefined) return undefined;
  const cert = resolve(directory, tls.cert_file);
  const key = resolve(directory, tls.key_file);
  const clientCa = tls.client_ca_file === undefined ? undefined : resolve(directory, tls.client_ca_file);
  const certificates = await Certificates.open({ cert, key, clientCa, minVersion: tls.min_version }).catch((cause) => {
    throw new Error(`server.tls: ${cause.message}`, { cause });
  });
  const reloader: Reloader = { file: cert, what: 'certificates', read: () => certificates.read() };
  lifetime.onClose(() => certificates.close());
  lifetime.onReload(reloader);
  certificates.watch(() => void lifetime.reloadFile(reloader));
  return certificates;
}
