/** Tries to fetch the keys of the identity providers, and to read the files that the configuration names. */
import { Agent } from 'undici';
import { fetchKeySet } from '../../auth/jwt/fetch-key-set.ts';
import type { BucketConfig } from '../../config/bucket.ts';
import { openAuth } from '../bucket/auth.ts';
import type { AppContext } from '../context.ts';
import type { Lifetime } from '../lifetime.ts';
import { type Finding, failsAs, find, works } from './finding.ts';

const TIMEOUT_MILLIS = 10_000;

export async function examineIdentity(
  bucket: BucketConfig,
  lifetime: Lifetime,
  context: AppContext,
): Promise<Finding[]> {
  const { auth, name } = bucket;
  if (!auth.enabled) return [];
  const opened = await find(`bucket ${name}, keys`, async () => {
    await openAuth(bucket, lifetime, context);
    return works('all files and secrets are readable');
  });
  const providers = auth.jwt === undefined ? [] : (auth.jwt.providers ?? [auth.jwt]);
  const urls = [...new Set(providers.flatMap(({ jwks_url }) => jwks_url ?? []))];
  return [opened, ...(await Promise.all(urls.map((url) => examineKeySet(name, url))))];
}

function examineKeySet(bucket: string, url: string): Promise<Finding> {
  return find(`bucket ${bucket}, ${url}`, async () => {
    const dispatcher = new Agent({ maxResponseSize: 1024 * 1024 });
    try {
      const { size } = await fetchKeySet(url, dispatcher, AbortSignal.timeout(TIMEOUT_MILLIS));
      return works(`${size} ${size === 1 ? 'key' : 'keys'}`);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      const hint = 'check jwks_url, DNS, firewalls and the certificate of the provider';
      return failsAs(message || String(code), hint, { type: 'keys_unavailable', reason: 'keys_unavailable' });
    } finally {
      await dispatcher.destroy();
    }
  });
}
