/** `probe`: requests a health probe of the gateway that a configuration describes. For images without curl. */
import { get } from 'node:http';
import { get as getSecurely } from 'node:https';
import { isIPv6 } from 'node:net';
import { text } from 'node:stream/consumers';
import { adminAddress } from '../config/admin.ts';
import type { Config } from '../config/config.ts';
import { ConfigError } from '../config/config-error.ts';
import type { Environment } from '../config/expand.ts';
import { loadConfig } from '../config/load-config.ts';
import { errorCode } from '../kit/connection-error.ts';

/** Longer than the services of `ready.require` may take. */
const TIMEOUT_MILLIS = 3_000;

interface Target {
  readonly what: 'admin port' | 'upload port';
  readonly host: string;
  readonly port: number;
  readonly isSecure: boolean;
}

/** @returns the exit code: 0 if the response is 200, else 1. Prints one line. */
export async function probe(
  file: string,
  path: string,
  env: Environment,
  write: (text: string) => void,
): Promise<number> {
  const target = await targetOf(file, env);
  const { isGood, line } = typeof target === 'string' ? { isGood: false, line: target } : await request(target, path);
  write(`${line}\n`);
  return isGood ? 0 : 1;
}

/** @returns the reason if the configuration has no address to request. */
async function targetOf(file: string, env: Environment): Promise<Target | string> {
  try {
    return addressOf(await loadConfig(file, env));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return `${file} is not a valid configuration; list its problems with mizuchi-uploadr check`;
  }
}

/** The admin port, or the upload port where the admin port is disabled. */
function addressOf(config: Config): Target | string {
  const admin = adminAddress(config);
  const { address, tls, proxy_protocol } = config.server;
  if (admin === undefined && (tls ?? proxy_protocol) !== undefined)
    return 'the admin port is disabled, and the upload port needs TLS or the PROXY protocol; set admin.enabled to true';
  const target: Target =
    admin === undefined
      ? { what: 'upload port', ...address, isSecure: false }
      : { what: 'admin port', ...admin, isSecure: config.admin.tls };
  if (target.port === 0) return `the ${target.what} is 0, any free port; set a number`;
  return target;
}

async function request(
  { what, host, port, isSecure }: Target,
  path: string,
): Promise<{ isGood: boolean; line: string }> {
  const authority = `${isIPv6(host) ? `[${reachable(host)}]` : reachable(host)}:${port}`;
  const origin = `${isSecure ? 'https' : 'http'}://${authority}`;
  const where = `${path} of the ${what} ${origin}`;
  try {
    const { status, body } = await fetchOnce(`${origin}${path}`, isSecure);
    return { isGood: status === 200, line: `${where}: ${status} ${body.trim()}` };
  } catch (error) {
    const reason = (error as Error).name === 'AbortError' ? `no response within ${TIMEOUT_MILLIS / 1000} s` : undefined;
    return { isGood: false, line: `${where}: ${reason ?? errorCode(error as Error)}` };
  }
}

/** An address to connect to: the unspecified address is one to listen on. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  return /^[0:]+$/.test(host) ? '::1' : host;
}

/** A probe sends no secret, and its certificate is that of the upload port: it is not verified. */
function fetchOnce(
  url: string,
  isSecure: boolean,
): Promise<{ readonly status: number | undefined; readonly body: string }> {
  const options = { agent: false, signal: AbortSignal.timeout(TIMEOUT_MILLIS), rejectUnauthorized: false } as const;
  return new Promise((resolve, reject) => {
    (isSecure ? getSecurely : get)(url, options, (response) => {
      text(response).then((body) => resolve({ status: response.statusCode, body }), reject);
    }).on('error', reject);
  });
}
