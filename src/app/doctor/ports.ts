/** Tries to open the ports of a gateway, and closes them again. */
import { createServer } from 'node:net';
import { Agent } from 'undici';
import { adminAddress } from '../../config/admin.ts';
import type { Config } from '../../config/config.ts';
import { writeSocketAddress } from '../../config/scalars.ts';
import { type Finding, fails, find, works } from './finding.ts';

const HEALTH_MILLIS = 1_000;

export function examinePorts(config: Config): Promise<Finding[]> {
  const { server } = config;
  const admin = adminAddress(config);
  const scheme = server.tls === undefined ? 'http' : 'https';
  return Promise.all([
    examinePort('upload port', 'server.address', server.address, scheme),
    ...(admin === undefined ? [] : [examinePort('admin port', 'admin.port', admin, 'http')]),
  ]);
}

interface Address {
  readonly host: string;
  readonly port: number;
}

function examinePort(what: string, setting: string, address: Address, scheme: string): Promise<Finding> {
  return find(`${what} ${writeSocketAddress(address)}`, async () => {
    const code = await open(address);
    if (code === undefined) return works('free');
    if (code === 'EADDRINUSE')
      return (await isGateway(address, scheme))
        ? works('in use by a gateway that runs')
        : fails('in use by another process', `stop that process, or change ${setting}`);
    return fails(`cannot be opened (${code})`, HINTS[code] ?? `change ${setting}`);
  });
}

const HINTS: Readonly<Record<string, string>> = {
  EACCES: 'use a port from 1024, or allow this one: CAP_NET_BIND_SERVICE',
  EADDRNOTAVAIL: 'use an address of this machine, or 0.0.0.0',
  ENOTFOUND: 'use an IP address, or correct the host name',
};

/** @returns the code of the error; undefined if the port is free. */
function open({ host, port }: Address): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', ({ code = 'unknown' }: NodeJS.ErrnoException) => resolve(code));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}

/** Its certificate is not verified: only the response matters. */
async function isGateway({ host, port }: Address, scheme: string): Promise<boolean> {
  const dispatcher = new Agent({ connect: { rejectUnauthorized: false } });
  try {
    const everywhere = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
    const { statusCode, body } = await dispatcher.request({
      origin: `${scheme}://${writeSocketAddress({ host: everywhere, port })}`,
      path: '/health',
      method: 'GET',
      signal: AbortSignal.timeout(HEALTH_MILLIS),
    });
    return statusCode === 200 && (await body.text()).startsWith('{"status":"ok"}');
  } catch {
    return false;
  } finally {
    await dispatcher.destroy();
  }
}
