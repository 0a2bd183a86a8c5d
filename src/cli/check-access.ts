/** What `check` says of access: who may upload where, and, with `--as` and `--put`, what would come of one upload. */
import { type Rehearsal, rehearse } from '../assembly/rehearse.ts';
import type { Surroundings } from '../assembly/surroundings.ts';
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

/** @returns the text, and whether the upload would be let through. */
export async function explainUpload(
  config: Config,
  as: string | undefined,
  put: string,
  around: Omit<Surroundings, 'watch'>,
): Promise<{ readonly text: string; readonly allowed: boolean }> {
  const rehearsal = await rehearse(config, as, put, around).catch((thrown) => {
    if (thrown instanceof Failure) return thrown;
    throw thrown;
  });
  if (rehearsal instanceof Failure)
    return { text: `PUT ${put}: ${rehearsal.status} ${rehearsal.code}: ${rehearsal.message}\n`, allowed: false };
  return explain(rehearsal, put);
}

function explain({ bucket, key, identity, verdicts }: Rehearsal, put: string): { text: string; allowed: boolean } {
  const lines: Line[] = [['bucket', `${bucket}, key ${key}`]];
  if (identity instanceof Failure) {
    const { status, code, message, reason } = identity;
    lines.push(['caller', `nobody: ${reason ?? identity.type}`], ['outcome', `${status} ${code}: ${message}`]);
    return { text: write(put, lines), allowed: false };
  }
  lines.push(['caller', `${identity.subject ?? 'anonymous'}, by ${identity.method}`]);
  for (const { engine, decision, reason } of verdicts) lines.push([engine, `${decision}: ${reason}`]);
  const bad = verdicts.find(({ decision }) => decision !== 'allow');
  const outcome =
    bad === undefined ? 'would be uploaded' : bad.decision === 'deny' ? '403 AccessDenied' : '503 ServiceUnavailable';
  lines.push(['outcome', outcome]);
  return { text: write(put, lines), allowed: bad === undefined };
}

function write(put: string, lines: readonly Line[]): string {
  const rows = lines.map(([label, text]) => `  ${label.padEnd(12)}${text}`);
  return `PUT ${put}\n\n${rows.join('\n')}\n`;
}
