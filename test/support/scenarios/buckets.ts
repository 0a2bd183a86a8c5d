/** The buckets of the gateway that scenarios share: for each way to protect a bucket, and for stores without a connection. */
import type { World } from './scenario.ts';

export const KEY = { access_key: 'AK', secret_key: 'the-secret-key-of-the-client', subject: 'device-7' };
/** A port that nothing listens on. */
export const NOWHERE = 'http://127.0.0.1:1';

export const s3Of = ({ store }: Pick<World, 'store'>) => ({
  bucket: 'my-bucket',
  endpoint: store.url,
  access_key: 'mizuchi',
  secret_key: 'mizuchi-secret',
  answer_timeout_seconds: 2,
});

export const jwtOf = (jwks_url: string) => ({ jwt: { algorithms: ['RS256'], jwks_url } });
export const opaOf = (url: string) => ({ opa: { url, policy_path: 'mizuchi/allow', timeout_seconds: 1 } });

export function bucketsOf({ store, untrusted, engine, provider }: Omit<World, 'gateway'>): Record<string, unknown>[] {
  const s3 = s3Of({ store });
  const auth = jwtOf(provider.jwksUrl);
  return [
    { name: 'uploads', s3, head: 'allow' },
    { name: 'closed', s3 },
    { name: 'hidden', s3, head: 'pretend_missing' },
    { name: 'pages', s3, cors: { allowed_origins: ['https://app.example'] } },
    { name: 'signed', s3, auth: { sigv4: { region: 'us-east-1', credentials: [KEY] } } },
    { name: 'tokens', s3, auth },
    { name: 'governed', s3, auth, authz: opaOf(engine.url) },
    { name: 'untrusted', s3: { ...s3, endpoint: untrusted.url } },
    { name: 'unreachable', s3: { ...s3, endpoint: NOWHERE } },
  ];
}
