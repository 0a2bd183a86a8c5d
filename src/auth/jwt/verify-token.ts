/**
 * Token → who it speaks of. The token's outer form is read first, then its issuer's keys and rules are taken, then jose
 * judges signature and claims, and what it found good is remembered.
 */
import type { AuthObserver } from '../../domain/auth-observer.ts';
import type { Log } from '../../domain/log.ts';
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
  /** Ends fetches and frees connections. Safe twice. */
  close(): Promise<void>;
}

/** @throws Error if a provider is not described well: a key that cannot be read, say, or one that an algorithm cannot use. */
export function createTokenVerifier(
  options: readonly ProviderOptions[],
  { watch, now = Date.now, log, jwks, cache: cacheOptions }: TokenVerifierTools,
): ClosableTokenVerifier {
  const providers = openProviders(options, { watch, now, log }, jwks);
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
      const known = cache.get(token, now());
      if (known === undefined) return verifyAnew(token, attributes);
      attributes.keyId = known.keyId;
      attributes.keySource = known.source.origin;
      return known.verified;
    },
    async close() {
      await Promise.all(providers.map(({ source }) => source.close()));
    },
  };
}

/** What the token says of its issuer is believed only as far as to choose who must have signed it. */
function providerOf(issuer: unknown, providers: readonly Provider[]): Provider {
  const provider = providers.find(({ options }) => options.issuer === undefined || options.issuer === issuer);
  if (provider === undefined) throw refusal('wrong_issuer');
  return provider;
}
