/** From the buckets of the configuration to buckets with all that the stages need: a store, authenticators, policy engines. */
import type { AuthBucket } from '../auth/authenticate.ts';
import type { PolicyBucket } from '../authz/authorize.ts';
import type { BucketConfig } from '../config/bucket.ts';
import type { Route } from '../router/find-bucket.ts';
import { type StoreBucket, StoreClient } from '../s3/store-client.ts';
import { openAuth } from './open-auth.ts';
import { openAuthz } from './open-authz.ts';
import type { BucketParts, Surroundings } from './surroundings.ts';

/** A bucket with all that the stages need of it. */
export type ServedBucket = StoreBucket & AuthBucket & PolicyBucket;

/** @throws Error that names the bucket, if a part of it cannot be had. */
export async function openBuckets(
  buckets: readonly BucketConfig[],
  parts: BucketParts,
  surroundings: Surroundings,
): Promise<Route<ServedBucket>[]> {
  const routes: Route<ServedBucket>[] = [];
  for (const config of buckets) {
    const bucket = await openBucket(config, parts, surroundings);
    routes.push({ prefix: config.path_prefix, bucket });
  }
  return routes;
}

async function openBucket(
  { name, s3, auth, authz }: BucketConfig,
  parts: BucketParts,
  surroundings: Surroundings,
): Promise<ServedBucket> {
  const store = await StoreClient.open(s3).catch((cause) => {
    throw new Error(`bucket ${name}: no credentials for its store: ${cause.message}`, { cause });
  });
  parts.opened.push(() => store.close());
  const opened = await openAuth({ name, auth }, parts, surroundings);
  const authorizers = openAuthz(authz, name, parts, surroundings);
  return { name, storeBucket: s3.bucket, store, authenticators: opened?.authenticators, authorizers };
}
