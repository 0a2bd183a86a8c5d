/** The rules for the claims of a token (RFC 7519, section 4.1), and the identity in those of a verified one. */
import type { JWTPayload, JWTVerifyOptions } from 'jose';
import type { VerifiedToken } from '../token-verifier.ts';
import type { ProviderOptions } from './provider.ts';
import { refusal } from './refusals.ts';

/** The last second that a Date can name (ECMA-262, "Time Values and Time Range"); a later `exp` is not an expiry. */
const LAST_SECOND = 8.64e12;
const MAX_SUBJECT = 1024;
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;

/** @param now in milliseconds since the epoch. */
export function rulesOf(options: ProviderOptions, now: number): JWTVerifyOptions {
  return {
    algorithms: [...options.algorithms],
    ...(options.issuer !== undefined && { issuer: options.issuer }),
    ...(options.audience !== undefined && { audience: options.audience }),
    clockTolerance: options.leeway_seconds,
    currentDate: new Date(now),
  };
}

/**
 * @param claims have passed the rules.
 * @param now in milliseconds since the epoch.
 * @throws Failure token_refused for rules that jose does not have: no_expiry, not_yet_valid, no_subject.
 */
export function verifiedToken(claims: JWTPayload, options: ProviderOptions, now: number): VerifiedToken {
  const { exp, iat } = claims;
  if (exp === undefined || exp > LAST_SECOND) throw refusal('no_expiry');
  if (iat !== undefined && iat > now / 1000 + options.leeway_seconds) throw refusal('not_yet_valid');
  const subject = `${options.subject_prefix ?? ''}${subjectOf(claims, options.subject_claim)}`;
  return { subject, claims, expiresAt: exp * 1000 };
}

function subjectOf(claims: JWTPayload, name: string): string {
  const subject = claims[name];
  if (typeof subject !== 'string' || subject === '' || subject.length > MAX_SUBJECT) throw refusal('no_subject');
  if (CONTROL.test(subject) || !subject.isWellFormed()) throw refusal('no_subject');
  return subject;
}
