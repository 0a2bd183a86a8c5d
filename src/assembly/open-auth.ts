/** From the section `auth` of a bucket to its authenticators, with the key files that it names read. */
import { resolve } from 'node:path';
import type { Authenticator } from '../auth/authenticator.ts';
import { bearerAuthenticator } from '../auth/bearer.ts';
import { createTokenVerifier } from '../auth/jwt/verify-token.ts';
import { type KeyEntry, ReloadableKeyRing } from '../auth/key-ring.ts';
import { sigv4Authenticator } from '../auth/sigv4.ts';
import type { TokenVerifier } from '../auth/token-verifier.ts';
import {
  type AuthConfig,
  algorithmsOf,
  type JwtConfig,
  type ProviderConfig,
  type SigV4Config,
} from '../config/auth.ts';
import { loadCredentials, loadText } from '../config/load-config.ts';
import type { BucketParts, Surroundings } from './surroundings.ts';

/** @returns undefined where uploads are anonymous. @throws ConfigError or Error if a key file cannot be used. */
export async function openAuth(
  config: AuthConfig,
  parts: BucketParts,
  surroundings: Surroundings,
): Promise<readonly Authenticator[] | undefined> {
  const { enabled, jwt, sigv4 } = config;
  if (!enabled) return undefined;
  const tokens = jwt === undefined ? undefined : await openTokens(jwt, parts, surroundings);
  const authenticators: Authenticator[] = tokens === undefined ? [] : [bearerAuthenticator(tokens)];
  if (sigv4 === undefined && jwt?.session_token === undefined) return authenticators;
  const ring = await openRing(sigv4, jwt, parts, surroundings);
  const options = { region: sigv4?.region ?? 'us-east-1', ring, tokens };
  authenticators.push(sigv4Authenticator(options));
  return authenticators;
}

async function openTokens(jwt: JwtConfig, parts: BucketParts, surroundings: Surroundings): Promise<TokenVerifier> {
  const providers = jwt.providers ?? [jwt];
  const options = await Promise.all(providers.map((provider) => providerOptions(provider, surroundings)));
  const { watch, log } = surroundings;
  const verifier = createTokenVerifier(options, { watch, log });
  parts.opened.push(() => verifier.close());
  return verifier;
}

async function providerOptions(provider: ProviderConfig, { directory }: Surroundings) {
  const { secret, jwks_url, issuer, audience, leeway_seconds, subject_claim, public_key_file } = provider;
  const algorithms = algorithmsOf(provider);
  const public_key = public_key_file === undefined ? undefined : await loadText(resolve(directory, public_key_file));
  return { algorithms, secret, public_key, jwks_url, issuer, audience, leeway_seconds, subject_claim };
}

async function openRing(
  sigv4: SigV4Config | undefined,
  jwt: JwtConfig | undefined,
  { reloads }: BucketParts,
  { directory, env }: Surroundings,
): Promise<ReloadableKeyRing> {
  const file = sigv4?.credentials_file === undefined ? undefined : resolve(directory, sigv4.credentials_file);
  const load = async (): Promise<readonly KeyEntry[]> => {
    const fromFile = file === undefined ? [] : await loadCredentials(file, env);
    return [...(sigv4?.credentials ?? []), ...fromFile];
  };
  const ring = new ReloadableKeyRing(await load(), jwt?.session_token);
  if (file !== undefined) reloads.push({ file, reload: async () => ring.replace(await load()) });
  return ring;
}
