/** `faults`: runs a proxy in front of a store that injects faults, until SIGTERM or SIGINT. */
import { once } from 'node:events';
import { ConfigError, formatProblem } from '../config/config-error.ts';
import type { Environment } from '../config/expand.ts';
import type { FaultsConfig } from '../config/faults.ts';
import { loadFaults } from '../config/load-config.ts';
import { parseAddress } from './address.ts';

export interface FaultsCommandOptions {
  readonly store: string;
  /** `host:port`. */
  readonly address: string;
  readonly plan: string;
}

/** @returns the exit code: 0 after an orderly shutdown, 1 if it could not start, 2 if its arguments are invalid. */
export async function faults({ store, address, plan }: FaultsCommandOptions, env: Environment): Promise<number> {
  const listening = parseAddress(address);
  if (listening === undefined) return refuse(`${address} is not an address; use host:port, such as 127.0.0.1:9001`);
  if (!URL.canParse(store) || new URL(store).protocol !== 'http:')
    return refuse(`${store} is not the URL of a store; use http, host and port, such as http://127.0.0.1:9000`);
  const loaded = await loadFaults(plan, env).catch((error: unknown) => {
    if (error instanceof ConfigError) return error;
    throw error;
  });
  if (loaded instanceof ConfigError) {
    process.stderr.write(`${loaded.problems.map(formatProblem).join('\n')}\n`);
    return 1;
  }
  return run(store, listening, loaded);
}

async function run(store: string, address: { host: string; port: number }, plan: FaultsConfig): Promise<number> {
  const { startFaultProxy } = await import('../rehearsal/faults/fault-proxy.ts');
  const onRequest: Parameters<typeof startFaultProxy>[0]['onRequest'] = ({ operation, key, part }, fault) => {
    const line = { time: new Date().toISOString(), operation, key, part, fault: fault?.do ?? 'none' };
    process.stdout.write(`${JSON.stringify(line)}\n`);
  };
  try {
    const proxy = await startFaultProxy({ store, ...address, faults: plan.faults, seed: plan.seed, onRequest });
    process.stdout.write(`faults on ${proxy.url}, before ${store}: ${plan.faults.length}\n`);
    await Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')]);
    await proxy.close();
    return 0;
  } catch (error) {
    process.stderr.write(`error: the proxy could not start: ${(error as Error).message}\n`);
    return 1;
  }
}

function refuse(problem: string): number {
  process.stderr.write(`error: ${problem}\n`);
  return 2;
}
