/** The part of `check` about access: the clients of each bucket, and, with `--as` and `--put`, the outcome of one upload. */

import type { AppContext } from '../app/context.ts';
import { type DryRun, dryRun, type EngineDecision } from '../app/dry-run/dry-run.ts';
import { engineProblem } from '../app/engine-problem.ts';
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
    return [['  access', 'ANONYMOUS: no authentication; every client that reaches this address may upload']];
  return describeSchemes(auth).map((text) => ['  access', text]);
}

function authzLines(authz: AuthzConfig): Line[] {
  if (!authz.enabled) return [['  policy', 'none: every authenticated client may upload']];
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
  const { authz } = config.buckets.find(({ name }) => name === run.bucket)!;
  return { text: write(put, linesOf(run, authz)), allowed: run.failure === undefined };
}

function linesOf({ bucket, key, identity, decisions, failure }: DryRun, authz: AuthzConfig): Line[] {
  const caller =
    identity === undefined
      ? `not authenticated: ${failure?.reason ?? failure?.type}`
      : `${identity.subject ?? 'anonymous'}, by ${identity.method}`;
  return [
    ['bucket', `${bucket}, key ${key}`],
    ['caller', caller],
    ...decisions.map((one): Line => [one.engine, `${one.decision}: ${reasonText(one, authz)}`]),
    ['outcome', failure === undefined ? 'would be uploaded' : outcomeText(failure, decisions)],
  ];
}

function reasonText({ engine, reason, failure }: EngineDecision, authz: AuthzConfig): string {
  const problem = failure && engineProblem(authz, engine, failure);
  return problem === undefined ? reason : `${reason}: ${problem.what}; ${problem.hint}`;
}

/** The line of the policy engine already has the reason. */
function outcomeText(failure: Failure, decisions: DryRun['decisions']): string {
  const isByPolicy = decisions.some(({ decision }) => decision !== 'allow');
  return isByPolicy ? `${failure.status} ${failure.code}` : failureText(failure);
}

const failureText = ({ status, code, message }: Failure): string => `${status} ${code}: ${message}`;

function write(put: string, lines: readonly Line[]): string {
  const rows = lines.map(([label, text]) => `  ${label.padEnd(12)}${text}`);
  return `PUT ${put}\n\n${rows.join('\n')}\n`;
}
