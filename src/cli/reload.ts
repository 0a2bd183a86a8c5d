/** `reload`: makes a running gateway read its configuration again, by its admin port, or shows what would change. */
import { resolve } from 'node:path';
import { ConfigError } from '../config/config-error.ts';
import type { Environment } from '../config/expand.ts';
import { loadConfig } from '../config/load-config.ts';
import { AdminClient, type AdminResponse, configuredTarget } from './admin-client.ts';

const MILLIS = 60_000;

export interface ReloadOptions {
  readonly dryRun?: boolean | undefined;
}

interface Outcome {
  readonly file?: string;
  readonly problem?: string;
  readonly changed?: readonly string[];
  readonly need_restart?: readonly string[];
}

/** @returns the exit code: 0 if the configuration is in use, or could be; else 1. */
export async function reload(
  file: string,
  env: Environment,
  write: (text: string) => void,
  { dryRun = false }: ReloadOptions,
): Promise<number> {
  try {
    const target = configuredTarget(await loadConfig(file, env), file);
    if (target === undefined) throw new Error('the admin port is disabled; set admin.enabled and admin.reload to true');
    const path = `/-/reload${dryRun ? '?dry_run' : ''}`;
    const url = `${target.origin}${path}`;
    const { status, text } = await post(new AdminClient(target), path);
    if (status !== 200 && status !== 409 && status !== 422)
      throw new Error(`${url} responds with ${status}: ${text.trim()}`);
    const outcome: Outcome = JSON.parse(text);
    if (outcome.file !== undefined && outcome.file !== resolve(file))
      throw new Error(`the gateway at ${url} reads ${outcome.file}, not ${resolve(file)}; use its file`);
    write(textOf(outcome, dryRun));
    return outcome.problem === undefined ? 0 : 1;
  } catch (error) {
    write(error instanceof ConfigError ? `${error.message}\n` : `error: ${(error as Error).message}\n`);
    return 1;
  }
}

async function post(client: AdminClient, path: string): Promise<AdminResponse> {
  try {
    return await client.request('POST', path, MILLIS);
  } finally {
    await client.close();
  }
}

function textOf({ file, problem, changed = [], need_restart = [] }: Outcome, dryRun: boolean): string {
  if (problem !== undefined) return `${problem}\nNothing has changed: the previous configuration stays in use.\n`;
  const lines = [
    ...changed.map((setting) => `  ${dryRun ? 'would change' : 'changed'}  ${setting}`),
    ...need_restart.map((setting) => `  needs a restart  ${setting}`),
  ];
  return `${file}: ${lines.length === 0 ? 'nothing differs from the configuration in use' : `\n${lines.join('\n')}`}\n`;
}
