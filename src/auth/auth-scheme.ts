/**
 * The row of an authentication scheme: its settings, and the kinds of credentials that it reads. A new scheme is one such file, one
 * line in schemes.ts and one in src/app/bucket/auth.ts; configuration, challenges, `check` and the reference pages follow.
 */
import type { ObjectField, Rule } from '../config/field.ts';
import type { Routed } from '../domain/stages.ts';

/** One place in a request that can hold credentials; decided by names alone, before they are verified. */
export interface CredentialKind {
  readonly name: string;
  /** Matches the scheme of the Authorization header, in lower case (RFC 9110, section 11.1). */
  readonly scheme?: RegExp;
  /** Whether another part of the request holds such credentials. */
  isIn?(request: Routed): boolean;
  /** Its part of `WWW-Authenticate`, and the status of a response without credentials. S3 uses 403, RFC 6750 401. */
  readonly challenge?: { readonly scheme: string; readonly status: 401 | 403 };
}

export interface AuthScheme<Name extends string = string, Options = never> {
  /** Name of its section in `auth`. */
  readonly name: Name;
  readonly section: ObjectField<Options | undefined>;
  /** Its values of `auth.method`, each with its explanation, if it needs one. */
  readonly methods: Readonly<Record<string, string | undefined>>;
  readonly kinds: readonly CredentialKind[];
  /** What `check` shows of it, in lines. */
  describe(options: Options): readonly string[];
  /** What it requires of other sections of `auth`. */
  readonly rules?: readonly Rule<never>[];
}

/** One scheme, whatever its settings. */
// biome-ignore lint/suspicious/noExplicitAny: each row receives the settings of its section only
export type AnyScheme = AuthScheme<string, any>;

/** Types a row by its section. */
export function authScheme<const Name extends string, Options>(
  row: AuthScheme<Name, Options> & { readonly section: ObjectField<Options | undefined> },
): AuthScheme<Name, Options> {
  return row;
}
