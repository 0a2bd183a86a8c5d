/** The reasons of a refusal by the error codes of jose: one row for each code. */
import { errors } from 'jose';
import { Failure } from '../../domain/failure.ts';
import { refusal, type TOKEN_REFUSALS } from './refusals.ts';

type Reason = keyof typeof TOKEN_REFUSALS;

const REASONS: Readonly<Record<string, Reason>> = {
  ERR_JOSE_ALG_NOT_ALLOWED: 'algorithm_not_allowed',
  ERR_JOSE_NOT_SUPPORTED: 'algorithm_not_allowed',
  ERR_JWS_INVALID: 'token_malformed',
  ERR_JWT_INVALID: 'token_malformed',
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: 'wrong_signature',
  ERR_JWKS_NO_MATCHING_KEY: 'unknown_key',
  ERR_JWT_EXPIRED: 'expired',
};

/** Claims with a wrong value. */
const CLAIMS: Readonly<Record<string, Reason>> = {
  iss: 'wrong_issuer',
  aud: 'wrong_audience',
  nbf: 'not_yet_valid',
};

/** Errors of jose are not passed on, because some hold the claims. Others come from an unusable key, such as a short one. */
export function failureOf(error: unknown): Failure {
  if (error instanceof Failure) return error;
  if (error instanceof errors.JWTClaimValidationFailed) return refusal(reasonOfClaim(error));
  if (error instanceof errors.JOSEError) return refusal(REASONS[error.code] ?? 'unknown_key');
  return refusal('unknown_key', error);
}

function reasonOfClaim({ claim, reason }: errors.JWTClaimValidationFailed): Reason {
  if (reason === 'invalid') return 'token_malformed';
  return CLAIMS[claim] ?? 'token_malformed';
}
