/** Why a token is not accepted, as one closed table. The key is the reason, for spans and logs; a row is what the client is told. */
import { Failure } from '../../domain/failure.ts';

export interface TokenRefusalShape {
  /** S3 error code (Amazon S3 API Reference, "Error responses"). */
  readonly code: 'InvalidToken' | 'ExpiredToken';
  readonly message: string;
}

export const TOKEN_REFUSALS = {
  token_malformed: { code: 'InvalidToken', message: 'The token is not a signed JSON Web Token in compact form.' },
  token_too_long: { code: 'InvalidToken', message: 'The token is longer than 16 KiB.' },
  header_not_allowed: { code: 'InvalidToken', message: 'The header of the token says what is not accepted here.' },
  algorithm_not_allowed: {
    code: 'InvalidToken',
    message: 'The token is signed with an algorithm that is not accepted here.',
  },
  unknown_key: { code: 'InvalidToken', message: 'The token is signed with a key that is not known here.' },
  wrong_signature: { code: 'InvalidToken', message: 'The signature of the token does not match.' },
  expired: { code: 'ExpiredToken', message: 'The token has expired.' },
  not_yet_valid: { code: 'InvalidToken', message: 'The token is not valid yet.' },
  no_expiry: { code: 'InvalidToken', message: 'The token does not say when it expires.' },
  wrong_issuer: { code: 'InvalidToken', message: 'The token is not of an issuer that is trusted here.' },
  wrong_audience: { code: 'InvalidToken', message: 'The token is not meant for this service.' },
  no_subject: { code: 'InvalidToken', message: 'The token does not say in a usable way who its subject is.' },
} as const satisfies Record<string, TokenRefusalShape>;

/** `keys_unavailable` is the reason where the token could not be judged at all. */
export type TokenReason = keyof typeof TOKEN_REFUSALS | 'keys_unavailable';

/** RFC 6750, section 3: a token that is not accepted is answered with 401 and this challenge. */
const CHALLENGE = { 'www-authenticate': 'Bearer error="invalid_token"' };

/** @param cause must hold nothing of the token. */
export function refusal(reason: keyof typeof TOKEN_REFUSALS, cause?: unknown): Failure {
  const { code, message } = TOKEN_REFUSALS[reason];
  return new Failure('token_refused', message, { code, reason, headers: CHALLENGE, cause });
}

/** @param retryMillis when it makes sense to ask again, in milliseconds. */
export function keysUnavailable(retryMillis: number): Failure {
  const headers = { 'retry-after': String(Math.max(1, Math.ceil(retryMillis / 1000))) };
  return new Failure('keys_unavailable', undefined, { reason: 'keys_unavailable' satisfies TokenReason, headers });
}

/** As many requests wait for the keys as may. */
export function keysBusy(): Failure {
  const message = 'Too many requests are waiting for the keys of the identity provider; try again soon.';
  return new Failure('overloaded', message, { reason: 'keys_busy' });
}
