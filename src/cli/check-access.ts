/** What `check` says of access: who may upload where, and, with `--as` and `--put`, what would come of one upload. */

import type { AppContext } from '../app/context.ts';
import { type DryRun, dryRun } from '../app/dry-run/dry-run.ts';
import { describeSchemes } from '../auth/schemes.ts';
import { configuredEngines } from '../authz/engines.ts';
import type { AuthConfig } from '../config/auth.ts';
import type { AuthzConfig } from '../config/authz.ts';
import type { BucketConfig } from '../config/bucket.ts';
import type { Config } from '../config/config.ts';
import { Failure } from '../domain/failure.ts';

export type Line = readonly [label: string, text: string];

/** The lines of one bucket. */
export function accessLines({ auth, authz }: BucketConfig): Line[] {
  return [...authLines(auth), ...(auth.enabled || authz.enabled ? authzLines(authz) : [])];
}

function authLines(auth: AuthConfig): Line[] {
  if (!auth.enabled)
    return [['  access', 'ANONYMOUS: nobody is asked who they are; whoever reaches this address may upload']];
  return describeSchemes(auth).map((text) => ['  access', text]);
}

function authzLines(authz: AuthzConfig): Line[] {
  if (!authz.enabled) return [['  policy', 'none: whoever is known may upload']];
  return configuredEngines(authz).map(({ engine, options }) => ['  policy', engine.describe(options)]);
}

/** @returns the text, and whether the upload would be accepted. */
export async function explainUpload(
  config: Config,
  as: string | undefined,
  put: string,
  around: Omit<AppContext, 'watch'>,
): Promise<{ readonly text: string; readonly allowed: boolean }> {
  const run = await dryRun(config, as, put, around).catch((thrown) => {
    if (thrown instanceof Failure) return thrown;
    throw thrown;
  });
  if (run instanceof Failure) return { text: `PUT ${put}: ${failureText(run)}\n`, allowed: false };
  return { text: write(put, linesOf(run)), allowed: run.failure === undefined };
}

function linesOf({ bucket, key, identity, decisions, failure }: DryRun): Line[] {
  const caller =
    identity === undefined
      ? `not authenticated: ${failure?.reason ?? failure?.type}`
      : `${identity.subject ?? 'anonymous'}, by ${identity.method}`;
  return [
    ['bucket', `${bucket}, key ${key}`],
    ['caller', caller],
    ...decisions.map(({ engine, decision, reason }): Line => [engine, `${decision}: ${reason}`]),
    ['outcome', failure === undefined ? 'would be uploaded' : outcomeText(failure, decisions)],
  ];
}

/** The line of the policy engine has said why already. */
function outcomeText(failure: Failure, decisions: DryRun['decisions']): string {
  const isByPolicy = decisions.some(({ decision }) => decision !== 'allow');
  return isByPolicy ? `${failure.status} ${failure.code}` : failureText(failure);
}

const failureText = ({ status, code, message }: Failure): string => `${status} ${code}: ${message}`;

function write(put: string, lines: readonly Line[]): string {
  const rows = lines.map(([label, text]) => `  ${label.padEnd(12)}${text}`);
  return `PUT ${put}\n\n${rows.join('\n')}\n`;
}
