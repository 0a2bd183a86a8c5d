/** One issuer of tokens as the configuration describes it: the source of its keys, and the rules for its tokens. */
import { algorithmShape } from './algorithms.ts';
import { configuredKey, publicKey, secretKey } from './configured-key.ts';
import { JwksSource, type JwksTimes, type JwksTools } from './jwks-source.ts';
import type { KeySource } from './key-source.ts';

/** As in the configuration; exactly one of secret, public_key and jwks_url. */
export interface ProviderOptions {
  /** The signature algorithms of its tokens (RFC 7518, section 3.1). */
  readonly algorithms: readonly string[];
  readonly secret?: string | undefined;
  /** PEM. */
  readonly public_key?: string | undefined;
  readonly jwks_url?: string | undefined;
  readonly issuer?: string | undefined;
  readonly audience?: string | undefined;
  /** Tolerated difference of the clocks, in seconds. */
  readonly leeway_seconds: number;
  /** The claim that names the subject. */
  readonly subject_claim: string;
  /** Before each subject. */
  readonly subject_prefix?: string | undefined;
}

export interface Provider {
  readonly options: ProviderOptions;
  readonly source: KeySource;
}

/** @throws Error naming the provider, if one is invalid. It does not connect. */
export function openProviders(
  all: readonly ProviderOptions[],
  tools: JwksTools,
  times?: Partial<JwksTimes>,
): readonly Provider[] {
  const issuers = all.map(({ issuer }) => issuer);
  if (all.length === 0) throw new Error('jwt: there is no provider of tokens');
  if (all.length > 1 && issuers.includes(undefined))
    throw new Error('jwt: each of several providers must name its issuer');
  const twice = issuers.find((issuer, at) => issuers.indexOf(issuer) !== at);
  if (twice !== undefined) throw new Error(`jwt: two providers have the issuer ${twice}`);
  return all.map((options) => openProvider(options, tools, times));
}

function openProvider(options: ProviderOptions, tools: JwksTools, times?: Partial<JwksTimes>): Provider {
  try {
    return { options, source: openSource(options, tools, times) };
  } catch (cause) {
    const name = options.issuer === undefined ? '' : ` provider ${options.issuer}`;
    throw new Error(`jwt${name}: ${(cause as Error).message}`, { cause });
  }
}

function openSource(options: ProviderOptions, tools: JwksTools, times?: Partial<JwksTimes>): KeySource {
  const { algorithms, secret, public_key, jwks_url } = options;
  if (algorithms.length === 0) throw new Error('no algorithm is allowed');
  if ([secret, public_key, jwks_url].filter((key) => key !== undefined).length !== 1)
    throw new Error('exactly one of secret, public_key and jwks_url must be set');
  if (secret !== undefined) return configuredKey(secretKey(secret, algorithms));
  if (public_key !== undefined) return configuredKey(publicKey(public_key, algorithms));
  for (const name of algorithms)
    if (algorithmShape(name).keyType === undefined) throw new Error(`${name} takes a secret, not a key set`);
  return new JwksSource(new URL(jwks_url as string).href, tools, times);
}
