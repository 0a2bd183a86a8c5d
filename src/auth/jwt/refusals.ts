/** The reasons to refuse a token, as one closed table. The key is the reason, for spans and logs; a row is the response. */
import { Failure } from '../../domain/failure.ts';
import { messageWithCause } from '../../domain/root-cause.ts';

export interface TokenRefusalShape {
  /** S3 error code (Amazon S3 API Reference, "Error responses"). */
  readonly code: 'InvalidToken' | 'ExpiredToken';
  readonly message: string;
}

export const TOKEN_REFUSALS = {
  token_malformed: { code: 'InvalidToken', message: 'The token is not a signed JSON Web Token in compact form.' },
  token_too_long: { code: 'InvalidToken', message: 'The token is longer than 16 KiB.' },
  header_not_allowed: {
    code: 'InvalidToken',
    message: 'The header of the token has a parameter or a type that this bucket does not accept.',
  },
  algorithm_not_allowed: {
    code: 'InvalidToken',
    message: 'The token is signed with an algorithm that this bucket does not accept.',
  },
  unknown_key: { code: 'InvalidToken', message: 'The token is signed with an unknown key.' },
  wrong_signature: { code: 'InvalidToken', message: 'The signature of the token is not valid.' },
  expired: { code: 'ExpiredToken', message: 'The token has expired.' },
  not_yet_valid: { code: 'InvalidToken', message: 'The token is not valid yet.' },
  no_expiry: { code: 'InvalidToken', message: 'The token does not have an expiration time (exp).' },
  wrong_issuer: { code: 'InvalidToken', message: 'The issuer of the token is not trusted by this bucket.' },
  wrong_audience: { code: 'InvalidToken', message: 'The audience of the token is not this service.' },
  no_subject: { code: 'InvalidToken', message: 'The token does not have a usable subject.' },
} as const satisfies Record<string, TokenRefusalShape>;

/** With `keys_unavailable` the token could not be verified at all. */
export type TokenReason = keyof typeof TOKEN_REFUSALS | 'keys_unavailable';

/** RFC 6750, section 3: the response to a refused token is 401 with this challenge. */
const CHALLENGE = { 'www-authenticate': 'Bearer error="invalid_token"' };

/** @param cause must hold nothing of the token. */
export function refusal(reason: keyof typeof TOKEN_REFUSALS, cause?: unknown): Failure {
  const { code, message } = TOKEN_REFUSALS[reason];
  return new Failure('token_refused', message, { code, reason, headers: CHALLENGE, cause });
}

/** @param retryMillis until the next fetch, in milliseconds. @param code of the error of the last fetch. @param detail its message. */
export function keysUnavailable(retryMillis: number, code?: string, detail?: string): Failure {
  const headers = { 'retry-after': String(Math.max(1, Math.ceil(retryMillis / 1000))) };
  const reason = 'keys_unavailable' satisfies TokenReason;
  return new Failure('keys_unavailable', code && messageWithCause('keys_unavailable', code), {
    reason,
    detail,
    headers,
  });
}

/** The limit of requests that wait for the keys is reached. */
export function keysBusy(): Failure {
  const message = 'Too many requests are waiting for the keys of the identity provider. Retry later.';
  return new Failure('overloaded', message, { reason: 'keys_busy' });
}
