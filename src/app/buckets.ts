/** The buckets of the configuration, each with its store, its authenticators and its policy engines. */
import type { AuthBucket } from '../auth/authenticate.ts';
import type { PolicyBucket } from '../authz/authorize.ts';
import type { BucketConfig } from '../config/bucket.ts';
import type { Config } from '../config/config.ts';
import type { CorsBucket } from '../cors/preflight.ts';
import type { Route } from '../router/find-bucket.ts';
import type { StoreBucket, StoreClient } from '../s3/store-client.ts';
import type { KnownBucket } from '../upload/bucket-requests.ts';
import { type SealingBucket, UploadIds } from '../upload-id/seal.ts';
import { openAuth } from './bucket/auth.ts';
import { openAuthz } from './bucket/authz.ts';
import { corsPolicyOf } from './bucket/cors.ts';
import { headerRulesOf, openStore, storeChecksums } from './bucket/store.ts';
import type { AppContext } from './context.ts';
import { uploadIdSecrets } from './derived-keys.ts';
import type { Lifetime } from './lifetime.ts';

/** A bucket with everything that the stages need. */
export type ServedBucket = StoreBucket & AuthBucket & PolicyBucket & SealingBucket & KnownBucket & CorsBucket;

/** The opened parts of a bucket. */
export interface BucketParts extends Pick<ServedBucket, 'authenticators' | 'authorizers'> {
  readonly store: StoreClient;
}

/** @throws Error that names the bucket, if a part of it cannot be opened. */
export async function openBuckets(
  config: Config,
  lifetime: Lifetime,
  context: AppContext,
): Promise<Route<ServedBucket>[]> {
  const routes: Route<ServedBucket>[] = [];
  for (const bucket of config.buckets) {
    const store = await openStore(bucket, lifetime, context);
    const authenticators = (await openAuth(bucket, lifetime, context))?.authenticators;
    const authorizers = openAuthz(bucket.authz, bucket.name, lifetime, context);
    routes.push(routeTo(bucket, config, { store, authenticators, authorizers }));
  }
  return routes;
}

/** The route to one bucket. @throws Error if there is no secret for its upload ids. */
export function routeTo(
  config: BucketConfig,
  { server, upload }: Config,
  { store, authenticators, authorizers }: BucketParts,
): Route<ServedBucket> {
  const { name, s3, auth, cors, head, listings } = config;
  const [secret, ...older] = uploadIdSecrets(server, config);
  const bucket: ServedBucket = {
    name,
    storeBucket: s3.bucket,
    region: auth.sigv4?.region ?? 'us-east-1',
    store,
    cors: corsPolicyOf(cors),
    headerRules: headerRulesOf(config),
    checksums: storeChecksums(s3),
    uploadIds: new UploadIds(secret, name, older),
    authenticators,
    authorizers,
  };
  return {
    prefix: config.path_prefix,
    maxKeyBytes: upload.max_key_length,
    literalKeys: config.literal_keys,
    bucket,
    head,
    listings,
    takesPreflights: cors !== undefined,
  };
}
