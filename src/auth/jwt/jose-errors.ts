/** What jose says of a token, in our words: one row for each of its codes. */
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

/** Claims that are there and say the wrong thing. */
const CLAIMS: Readonly<Record<string, Reason>> = {
  iss: 'wrong_issuer',
  aud: 'wrong_audience',
  nbf: 'not_yet_valid',
};

/** jose's own errors are left behind, for some hold the claims. Others come from a key that cannot be used: one too short, say. */
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
