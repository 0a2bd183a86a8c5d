/** Tries every service that a configuration names, in the way in which the gateway uses it. */
import type { BucketConfig } from '../../config/bucket.ts';
import type { Config } from '../../config/config.ts';
import { NO_OBSERVER } from '../../domain/auth-observer.ts';
import type { AppContext } from '../context.ts';
import { Lifetime } from '../lifetime.ts';
import { examineCollectors } from './collector.ts';
import type { Finding } from './finding.ts';
import { examineIdentity } from './identity.ts';
import { examinePolicy } from './policy.ts';
import { examineStore } from './store.ts';
import { examinePromises } from './verified-promises.ts';

export async function examine(config: Config, around: Omit<AppContext, 'watch'>): Promise<readonly Finding[]> {
  const lifetime = new Lifetime(around.log);
  const context = { ...around, watch: NO_OBSERVER };
  try {
    const buckets = config.buckets.map(async (bucket) => [
      ...(await examineStoreOf(bucket, config, lifetime, context)),
      ...(await examineIdentity(bucket, lifetime, context)),
      ...(await examinePolicy(bucket, config, lifetime, context)),
    ]);
    return (await Promise.all([...buckets, examineCollectors(config, around.directory)])).flat();
  } finally {
    await lifetime.close();
  }
}

/** A store that does not work verifies nothing. */
async function examineStoreOf(
  bucket: BucketConfig,
  config: Config,
  lifetime: Lifetime,
  context: AppContext,
): Promise<readonly Finding[]> {
  const store = await examineStore(bucket, config, lifetime, context);
  return store.works ? [store, await examinePromises(bucket, lifetime, context)] : [store];
}
