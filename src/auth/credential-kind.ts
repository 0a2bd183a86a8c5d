/**
 * The kinds of credentials that a request carries, by the names of its headers, parameters and form fields. A request carries one
 * kind; a request with two is refused, because two readers could accept different ones.
 */
import type { Routed } from '../domain/stages.ts';
import { CREDENTIAL_KINDS } from './schemes.ts';

/** @returns names of kinds; `unknown` is an Authorization header with the scheme of no row. */
export function credentialKinds(request: Routed): readonly string[] {
  const { authorization } = request.incoming.received;
  const first = typeof authorization === 'object' ? authorization[0] : authorization;
  const kinds = first === undefined ? [] : [kindOfScheme(first)];
  for (const { name, isIn } of CREDENTIAL_KINDS) if (isIn?.(request) === true) kinds.push(name);
  return kinds;
}

/** RFC 9110, section 11.1: the scheme is case-insensitive. */
function kindOfScheme(authorization: string): string {
  const scheme = /^[^\s,]*/.exec(authorization)?.[0].toLowerCase() ?? '';
  return CREDENTIAL_KINDS.find((kind) => kind.scheme?.test(scheme))?.name ?? 'unknown';
}
