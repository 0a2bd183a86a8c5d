/**
 * Token → who it speaks of. The token's outer form is read first, then its issuer's keys and rules are taken, then jose
 * judges signature and claims, and what it found good is remembered.
 */
import type { IdentityWatch } from '../../domain/identity-watch.ts';
import type { Log } from '../../domain/log.ts';
import type { Findings } from '../authenticator.ts';
import type { TokenVerifier, VerifiedToken } from '../token-verifier.ts';
import { verifiedToken } from './claims.ts';
import { judgeSignature } from './judge-signature.ts';
import type { JwksTimes } from './jwks-source.ts';
import { MAX_TOKEN, parseToken } from './parse-token.ts';
import { openProviders, type Provider, type ProviderOptions } from './provider.ts';
import { refusal } from './refusals.ts';
import { TokenCache, type TokenCacheOptions } from './token-cache.ts';

export interface TokenVerifierTools {
  readonly watch: IdentityWatch;
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
  const verifyAnew = async (token: string, findings: Findings): Promise<VerifiedToken> => {
    const { keyId, issuer } = parseToken(token);
    findings.keyId = keyId;
    const provider = providerOf(issuer, providers);
    const { claims, keys } = await judgeSignature(token, provider, now, findings);
    const verified = verifiedToken(claims, provider.options, now());
    cache.put(token, { verified, keyId, source: provider.source, keys }, now());
    return verified;
  };
  return {
    verify(token, findings) {
      if (token.length > MAX_TOKEN) throw refusal('token_too_long');
      const known = cache.get(token, now());
      if (known === undefined) return verifyAnew(token, findings);
      findings.keyId = known.keyId;
      findings.keySource = known.source.origin;
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
