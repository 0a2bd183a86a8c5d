/**
 * Which kinds of credential a request carries, by the names of its headers, parameters and form fields. One documented rule:
 * a request carries one kind. Two are refused, whatever they say, because two readers could believe different ones.
 */
import type { Routed } from '../domain/stages.ts';
import type { CredentialKind } from './authenticator.ts';

/** Any of these makes a request a presigned one: what is half presigned is not anonymous, it is wrong. */
const SIGNATURE_PARAMETER = /^x-amz-(algorithm|credential|date|expires|signedheaders|signature|security-token)$/i;
/** The form fields of Signature Version 4, and the policy that they sign. */
const POLICY_FIELD = /^(policy|x-amz-(algorithm|credential|date|signature|security-token))$/;

/** @returns what was found; `unknown` is an Authorization header of a scheme that nobody here speaks. */
export function credentialKinds({ incoming, form }: Routed): readonly (CredentialKind | 'unknown')[] {
  const kinds: (CredentialKind | 'unknown')[] = [];
  const { authorization } = authorizationOf(incoming.rawHeaders);
  if (authorization !== undefined) kinds.push(kindOfScheme(authorization));
  if (incoming.query.some(([name]) => SIGNATURE_PARAMETER.test(name))) kinds.push('sigv4_query');
  if (form !== undefined && [...form.fields.keys()].some((name) => POLICY_FIELD.test(name))) kinds.push('post_policy');
  return kinds;
}

/** Of a form, `incoming.headers` are its fields: what the connection brought stands in the raw ones. */
function authorizationOf(rawHeaders: readonly string[]): { authorization: string | undefined } {
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    if (rawHeaders[i]?.toLowerCase() === 'authorization') return { authorization: rawHeaders[i + 1] };
  }
  return { authorization: undefined };
}

/** RFC 9110, section 11.1: the scheme is compared without regard to case. */
function kindOfScheme(authorization: string): CredentialKind | 'unknown' {
  const scheme = /^[^\s,]*/.exec(authorization)?.[0].toLowerCase();
  if (scheme === 'bearer') return 'bearer';
  return scheme?.startsWith('aws4-') === true ? 'sigv4_header' : 'unknown';
}
