/** The authenticators of a bucket, from its section `auth` and the key files that it names. */
import { resolve } from 'node:path';
import type { Authenticator } from '../../auth/authenticator.ts';
import { bearerAuthenticator } from '../../auth/bearer.ts';
import { type CredentialsStore, type KeyEntry, ReloadableCredentials } from '../../auth/credentials-store.ts';
import { createTokenVerifier } from '../../auth/jwt/verify-token.ts';
import { postPolicyAuthenticator } from '../../auth/post-policy.ts';
import { algorithmsOf, type JwtConfig, type ProviderConfig } from '../../auth/schemes/jwt.ts';
import type { SigV4Config } from '../../auth/schemes/sigv4.ts';
import { sigv4Authenticator } from '../../auth/sigv4.ts';
import type { TokenVerifier } from '../../auth/token-verifier.ts';
import type { AuthConfig } from '../../config/auth.ts';
import type { BucketConfig } from '../../config/bucket.ts';
import { ConfigError } from '../../config/config-error.ts';
import { loadCredentials, loadText } from '../../config/load-config.ts';
import type { AppContext } from '../context.ts';
import type { Lifetime } from '../lifetime.ts';

export interface OpenedAuth {
  readonly authenticators: readonly Authenticator[];
  /** Undefined where the bucket accepts no tokens. */
  readonly tokens: TokenVerifier | undefined;
  /** Undefined where the bucket accepts no signatures. */
  readonly ring: CredentialsStore | undefined;
}

/** @returns undefined for a bucket with anonymous uploads. @throws ConfigError or Error if a key file cannot be used. */
export async function openAuth(
  { name, auth }: Pick<BucketConfig, 'name' | 'auth'>,
  lifetime: Lifetime,
  context: AppContext,
): Promise<OpenedAuth | undefined> {
  if (!auth.enabled) return undefined;
  try {
    return await open(auth, lifetime, context);
  } catch (error) {
    if (error instanceof ConfigError) throw error; // its message has the file and the line
    throw new Error(`bucket ${name}: ${(error as Error).message}`, { cause: error });
  }
}

async function open({ jwt, sigv4 }: AuthConfig, lifetime: Lifetime, context: AppContext): Promise<OpenedAuth> {
  const tokens = jwt === undefined ? undefined : await openTokens(jwt, lifetime, context);
  const authenticators: Authenticator[] = tokens === undefined ? [] : [bearerAuthenticator(tokens)];
  if (sigv4 === undefined && jwt?.session_token === undefined) return { authenticators, tokens, ring: undefined };
  const ring = await openRing(sigv4, jwt, lifetime, context);
  const options = { region: sigv4?.region ?? 'us-east-1', credentials: ring, tokens };
  authenticators.push(sigv4Authenticator(options), postPolicyAuthenticator(options));
  return { authenticators, tokens, ring };
}

async function openTokens(jwt: JwtConfig, lifetime: Lifetime, context: AppContext): Promise<TokenVerifier> {
  const providers = jwt.providers ?? [jwt];
  const options = await Promise.all(providers.map((provider) => providerOptions(provider, context)));
  const { watch, log } = context;
  const verifier = createTokenVerifier(options, { watch, log });
  lifetime.onClose(() => verifier.close());
  lifetime.needs({
    kind: 'identity',
    target: providers.map(({ jwks_url }) => jwks_url).join(),
    check: (signal) => verifier.haveKeys(signal),
  });
  return verifier;
}

async function providerOptions(provider: ProviderConfig, { directory }: AppContext) {
  const { secret, jwks_url, issuer, audience, leeway_seconds, subject_claim, subject_prefix, public_key_file } =
    provider;
  const algorithms = algorithmsOf(provider);
  const public_key = public_key_file === undefined ? undefined : await loadText(resolve(directory, public_key_file));
  return { algorithms, secret, public_key, jwks_url, issuer, audience, leeway_seconds, subject_claim, subject_prefix };
}

async function openRing(
  sigv4: SigV4Config | undefined,
  jwt: JwtConfig | undefined,
  lifetime: Lifetime,
  { directory, env }: AppContext,
): Promise<ReloadableCredentials> {
  const file = sigv4?.credentials_file === undefined ? undefined : resolve(directory, sigv4.credentials_file);
  const load = async (): Promise<readonly KeyEntry[]> => {
    const fromFile = file === undefined ? [] : await loadCredentials(file, env);
    return withoutDuplicates([...(sigv4?.credentials ?? []), ...fromFile], jwt?.session_token?.access_key);
  };
  const ring = new ReloadableCredentials(await load(), jwt?.session_token);
  if (file !== undefined)
    lifetime.onReload({
      file,
      what: 'access keys',
      async read() {
        const entries = await load();
        return () => ring.replace(entries);
      },
    });
  return ring;
}

/** @throws Error if an access key has two owners. */
function withoutDuplicates(entries: readonly KeyEntry[], tokenKey: string | undefined): readonly KeyEntry[] {
  const seen = new Set(tokenKey === undefined ? [] : [tokenKey]);
  for (const { access_key } of entries) {
    if (seen.has(access_key)) throw new Error(`the access key ${access_key} is given twice; keep one`);
    seen.add(access_key);
  }
  return entries;
}
