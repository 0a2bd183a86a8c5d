/** Tokens, keys and verifiers for the tests of this room. jose signs what is to be accepted; the rest is written by hand. */
import assert from 'node:assert/strict';
import { createHmac, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { SignJWT } from 'jose';
import type { AuthAttributes } from '../../../../src/auth/authenticator.ts';
import type { ProviderOptions } from '../../../../src/auth/jwt/provider.ts';
import type { TokenReason } from '../../../../src/auth/jwt/refusals.ts';
import {
  type ClosableTokenVerifier,
  createTokenVerifier,
  type TokenVerifierTools,
} from '../../../../src/auth/jwt/verify-token.ts';
import type { VerifiedToken } from '../../../../src/auth/token-verifier.ts';
import { NO_OBSERVER } from '../../../../src/domain/auth-observer.ts';
import { Failure } from '../../../../src/domain/failure.ts';

/** Milliseconds since the epoch. */
export const NOW = Date.parse('2026-03-01T12:00:00Z');
export const SECOND = Math.floor(NOW / 1000);
export const ISSUER = 'https://idp.example';
export const AUDIENCE = 'uploads';
export const SECRET = 'an-hmac-secret-that-is-as-long-as-the-longest-hash-and-then-some!';
export const CLAIMS = { iss: ISSUER, aud: AUDIENCE, sub: 'device-7', iat: SECOND - 10, exp: SECOND + 600 };

export const rsaPair = (modulusLength = 2048) => generateKeyPairSync('rsa', { modulusLength });
export const ecPair = (namedCurve = 'P-256') => generateKeyPairSync('ec', { namedCurve });
export const pemOf = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }) as string;

export function provider(options: Partial<ProviderOptions>): ProviderOptions {
  const defaults = { algorithms: ['RS256'], issuer: ISSUER, audience: AUDIENCE };
  return { ...defaults, leeway_seconds: 30, subject_claim: 'sub', ...options };
}

export function verifierOf(options: Partial<ProviderOptions>, tools: Partial<TokenVerifierTools> = {}) {
  return createTokenVerifier([provider(options)], { watch: NO_OBSERVER, now: () => NOW, ...tools });
}

type Header = Record<string, unknown>;

/** Signed by jose. */
export function signed(key: KeyObject | Uint8Array, claims: object = CLAIMS, header: Header = {}): Promise<string> {
  return new SignJWT(claims as Record<string, unknown>).setProtectedHeader({ alg: 'RS256', ...header }).sign(key);
}

export const base64url = (text: string | Buffer): string => Buffer.from(text).toString('base64url');
export const json = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** Whatever is given, with a right HMAC over it: nothing that a library would refuse to write. */
export function hmacSigned(
  header: unknown,
  payload: unknown,
  secret: string | Buffer = SECRET,
  hash = 'sha256',
): string {
  const input = `${base64url(json(header))}.${base64url(json(payload))}`;
  return `${input}.${createHmac(hash, secret).update(input).digest('base64url')}`;
}

export const newFindings = (): AuthAttributes => ({ method: 'anonymous', keyId: undefined, keySource: undefined });

/** What came of it: the failure, or the subject. A throw and a rejection are the same to a caller that awaits. */
export async function outcome(
  verifier: ClosableTokenVerifier,
  token: string,
  findings: AuthAttributes = newFindings(),
): Promise<VerifiedToken | Failure> {
  try {
    return await verifier.verify(token, findings);
  } catch (error) {
    assert.ok(error instanceof Failure, `${error}`);
    return error;
  }
}

export async function refusesWith(
  verifier: ClosableTokenVerifier,
  token: string,
  reason: TokenReason,
): Promise<Failure> {
  const failure = await outcome(verifier, token);
  assert.ok(failure instanceof Failure, `accepted, where it should be refused with ${reason}`);
  assert.equal(failure.reason, reason);
  return failure;
}

export async function accepts(
  verifier: ClosableTokenVerifier,
  token: string,
  findings: AuthAttributes = newFindings(),
): Promise<VerifiedToken> {
  const verified = await outcome(verifier, token, findings);
  if (verified instanceof Failure) assert.fail(`refused: ${verified.reason}`);
  return verified;
}
