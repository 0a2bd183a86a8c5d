/** The gateway's own credentials at a store: the static ones of the configuration, or AWS's provider chain, loaded only then. */
import type { Credentials } from '../sigv4/sign-request.ts';
import { SigningKeys } from '../sigv4/signing-key.ts';

export interface CredentialsConfig {
  readonly access_key?: string | undefined;
  readonly secret_key?: string | undefined;
  readonly session_token?: string | undefined;
}

/** Gives the credentials to sign the next request with; a promise only where they had to be fetched. */
export type CredentialsSource = () => Credentials | Promise<Credentials>;

export async function credentialsSource(config: CredentialsConfig): Promise<CredentialsSource> {
  if (config.access_key !== undefined && config.secret_key !== undefined) {
    const credentials = {
      accessKey: config.access_key,
      keys: new SigningKeys(config.secret_key),
      sessionToken: config.session_token,
    };
    return () => credentials;
  }
  return providerChain();
}

/** The default chain of the AWS SDKs: environment, shared files, SSO, web identity, container and instance metadata. */
async function providerChain(): Promise<CredentialsSource> {
  const { defaultProvider } = await import('@aws-sdk/credential-provider-node');
  const provide = defaultProvider(); // caches the credentials and renews them before they expire
  let secretKey: string | undefined;
  let credentials: Credentials | undefined;
  return async () => {
    const found = await provide();
    if (credentials === undefined || secretKey !== found.secretAccessKey) {
      secretKey = found.secretAccessKey;
      const keys = new SigningKeys(found.secretAccessKey);
      credentials = { accessKey: found.accessKeyId, keys, sessionToken: found.sessionToken };
    }
    return credentials;
  };
}
