/** `doctor`: tries the stores, the identity providers, the policy engines and the collector, with a hint for each failure. Prints no secret. */
import { dirname, resolve } from 'node:path';
import { examine } from '../app/doctor/examine.ts';
import { examineHost } from '../app/doctor/examine-host.ts';
import type { Finding } from '../app/doctor/finding.ts';
import { ConfigError } from '../config/config-error.ts';
import type { Environment } from '../config/expand.ts';
import { loadConfig } from '../config/load-config.ts';
import type { Log } from '../domain/log.ts';
import { hostText } from './host-text.ts';

const SILENT: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** @returns the exit code: 0 if everything works, else 1. */
export async function doctor(file: string, env: Environment, write: (text: string) => void): Promise<number> {
  try {
    const config = await loadConfig(file, env);
    const directory = dirname(resolve(file));
    const host = await examineHost(config, directory);
    write(`${hostText(host).trimStart()}\nServices:\n\n`);
    const services = await examine(config, { directory, env, log: SILENT });
    write(`${linesOf(services).join('\n')}\n`);
    const findings = [...host.files.filter(({ works }) => !works), ...services];
    const broken = findings.filter(({ works }) => !works).length;
    write(broken === 0 ? '\nEverything works.\n' : `\n${broken} of ${findings.length} checks failed.\n`);
    return broken === 0 ? 0 : 1;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    write(`${error.message}\n`);
    return 1;
  }
}

const INDENTED = '\n      ';

function linesOf(findings: readonly Finding[]): string[] {
  const described = new Map<string, string>();
  return findings.map(({ what, works, how, hint, shown, isGeneral }) => {
    if (works) return [`  ✓ ${what}: ${how}`, ...(hint === '' ? [] : [hint])].join(INDENTED);
    const first = described.get(how);
    if (first !== undefined) return `  ✗ ${what}: the same as ${first}`;
    if (isGeneral === true) described.set(how, what);
    return [`  ✗ ${what}: ${how}`, hint, ...(shown === undefined ? [] : [shown])].join(INDENTED);
  });
}
