/** Tries everything that a configuration needs of others, as the gateway itself would use it. */
import type { Config } from '../../config/config.ts';
import { NO_OBSERVER } from '../../domain/auth-observer.ts';
import type { BucketParts, Surroundings } from '../surroundings.ts';
import { examineCollectors } from './collector.ts';
import type { Finding } from './finding.ts';
import { examineIdentity } from './identity.ts';
import { examinePolicy } from './policy.ts';
import { examineStore } from './store.ts';

export async function examine(config: Config, around: Omit<Surroundings, 'watch'>): Promise<readonly Finding[]> {
  const parts: BucketParts = { opened: [], reloads: [] };
  const surroundings = { ...around, watch: NO_OBSERVER };
  try {
    const buckets = config.buckets.map(async (bucket) => [
      await examineStore(bucket, parts, around.directory),
      ...(await examineIdentity(bucket, parts, surroundings)),
      ...(await examinePolicy(bucket, parts, surroundings)),
    ]);
    return (await Promise.all([...buckets, examineCollectors(config, around.directory)])).flat();
  } finally {
    for (const close of parts.opened.reverse()) await close();
  }
}
