/**
 * From a token to its subject. The outer form is parsed first. Then jose verifies signature and claims with the keys and rules of
 * the issuer. Verified tokens are cached.
 */
import type { AuthObserver } from '../../domain/auth-observer.ts';
import type { Log } from '../../domain/log.ts';
import { whileWanted } from '../../domain/while-wanted.ts';
import type { AuthAttributes } from '../authenticator.ts';
import type { TokenVerifier, VerifiedToken } from '../token-verifier.ts';
import { verifiedToken } from './claims.ts';
import { judgeSignature } from './judge-signature.ts';
import type { JwksTimes } from './jwks-source.ts';
import { MAX_TOKEN, parseToken } from './parse-token.ts';
import { openProviders, type Provider, type ProviderOptions } from './provider.ts';
import { refusal } from './refusals.ts';
import { TokenCache, type TokenCacheOptions } from './token-cache.ts';

export interface TokenVerifierTools {
  readonly watch: AuthObserver;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  readonly log?: Log | undefined;
  /** Instead of the usual times and sizes. */
  readonly jwks?: Partial<JwksTimes>;
  readonly cache?: TokenCacheOptions;
}

export interface ClosableTokenVerifier extends TokenVerifier {
  /** Resolves if every provider has keys, cached ones included. @throws Failure keys_unavailable; Error when the signal is aborted. */
  haveKeys(signal: AbortSignal): Promise<void>;
  /** Ends fetches and frees connections. Safe twice. */
  close(): Promise<void>;
}

/** @throws Error if the configuration of a provider is invalid, such as a key that cannot be read or does not fit an algorithm. */
export function createTokenVerifier(
  options: readonly ProviderOptions[],
  { watch, now = Date.now, log, jwks, cache: cacheOptions }: TokenVerifierTools,
): ClosableTokenVerifier {
  const providers = openProviders(options, { watch, now, log }, jwks);
  const inUse = keyOrigins(options).map((origin) => watch.keySource(origin));
  const cache = new TokenCache(cacheOptions);
  const verifyAnew = async (token: string, attributes: AuthAttributes): Promise<VerifiedToken> => {
    const { keyId, issuer } = parseToken(token);
    attributes.keyId = keyId;
    const provider = providerOf(issuer, providers);
    const { claims, keys } = await judgeSignature(token, provider, now, attributes);
    const verified = verifiedToken(claims, provider.options, now());
    cache.put(token, { verified, keyId, source: provider.source, keys }, now());
    return verified;
  };
  return {
    verify(token, attributes) {
      if (token.length > MAX_TOKEN) throw refusal('token_too_long');
      const known = cache.get(token, now(), attributes.span);
      if (known === undefined) return verifyAnew(token, attributes);
      attributes.keyId = known.keyId;
      attributes.keySource = known.source.origin;
      return known.verified;
    },
    async haveKeys(signal) {
      const unattributed: AuthAttributes = { method: 'anonymous', keyId: undefined, keySource: undefined };
      const sources = providers.map(({ source }) => source.held() ?? source.keys(unattributed));
      await whileWanted(Promise.all(sources), signal);
    },
    async close() {
      for (const end of inUse.splice(0)) end();
      await Promise.all(providers.map(({ source }) => source.close()));
    },
  };
}

function keyOrigins(options: readonly ProviderOptions[]): string[] {
  return options.flatMap(({ jwks_url }) => (jwks_url === undefined ? [] : new URL(jwks_url).origin));
}

/** The unverified issuer of the token only selects the provider whose keys must verify it. */
function providerOf(issuer: unknown, providers: readonly Provider[]): Provider {
  const provider = providers.find(({ options }) => options.issuer === undefined || options.issuer === issuer);
  if (provider === undefined) throw refusal('wrong_issuer');
  return provider;
}
