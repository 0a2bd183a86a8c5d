/** The authentication schemes of the gateway. */
import type { ObjectField } from '../config/field.ts';
import type { AnyScheme, CredentialKind } from './auth-scheme.ts';
import { JWT } from './schemes/jwt.ts';
import { SIGV4 } from './schemes/sigv4.ts';

const ROWS = [JWT, SIGV4] as const;

type Row = (typeof ROWS)[number];
/** The sections of the schemes in `auth`. */
export type SchemeSections = { readonly [R in Row as R['name']]: R['section'] };

export const SCHEMES: readonly AnyScheme[] = ROWS;

export const SCHEME_SECTIONS = Object.fromEntries(
  SCHEMES.map(({ name, section }): [string, ObjectField<unknown>] => [name, section]),
) as SchemeSections;

export const CREDENTIAL_KINDS: readonly CredentialKind[] = SCHEMES.flatMap(({ kinds }) => kinds);

/** What `check` shows of the schemes that a section `auth` configures. */
export function describeSchemes(auth: object): readonly string[] {
  const sections = auth as Readonly<Record<string, unknown>>;
  return SCHEMES.flatMap(({ name, describe }) => (sections[name] === undefined ? [] : describe(sections[name])));
}
