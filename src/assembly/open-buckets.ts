/** From the buckets of the configuration to buckets with all that the stages need: a store, authenticators, policy engines. */
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { AuthBucket } from '../auth/authenticate.ts';
import type { PolicyBucket } from '../authz/authorize.ts';
import type { StoreChecksums } from '../body/store-checksums.ts';
import type { BucketConfig } from '../config/bucket.ts';
import type { Config } from '../config/config.ts';
import type { ObjectHeadersConfig } from '../config/object-headers.ts';
import type { ServerConfig } from '../config/server.ts';
import type { CorsBucket } from '../cors/answer-preflight.ts';
import type { Route } from '../router/find-bucket.ts';
import type { HeaderRules } from '../s3/header-rules.ts';
import { type StoreBucket, StoreClient } from '../s3/store-client.ts';
import type { KnownBucket } from '../upload/bucket-requests.ts';
import { type SealingBucket, UploadIds } from '../upload-id/seal.ts';
import { corsPolicyOf } from './cors-finder.ts';
import { uploadIdSecret } from './derived-keys.ts';
import { openAuth } from './open-auth.ts';
import { openAuthz } from './open-authz.ts';
import type { BucketParts, Surroundings } from './surroundings.ts';

/** A bucket with all that the stages need of it. */
export type ServedBucket = StoreBucket & AuthBucket & PolicyBucket & SealingBucket & KnownBucket & CorsBucket;

/** @throws Error that names the bucket, if a part of it cannot be had. */
export async function openBuckets(
  { server, buckets, upload }: Config,
  parts: BucketParts,
  surroundings: Surroundings,
): Promise<Route<ServedBucket>[]> {
  const routes: Route<ServedBucket>[] = [];
  for (const config of buckets) {
    const bucket = await openBucket(config, server, parts, surroundings);
    const takesPreflights = config.cors !== undefined;
    const { head, listings } = config;
    routes.push({ ...placeOf(config, upload), bucket, head, listings, takesPreflights });
  }
  return routes;
}

/** Where the objects of a bucket are, and what keys they may have. */
export function placeOf({ path_prefix, literal_keys }: BucketConfig, { max_key_length }: Config['upload']) {
  return { prefix: path_prefix, maxKeyBytes: max_key_length, literalKeys: literal_keys };
}

async function openBucket(
  config: BucketConfig,
  server: ServerConfig,
  parts: BucketParts,
  surroundings: Surroundings,
): Promise<ServedBucket> {
  const { name, s3, auth, authz } = config;
  const store = await openStore(config, parts, surroundings);
  const opened = await openAuth({ name, auth }, parts, surroundings);
  const authorizers = openAuthz(authz, name, parts, surroundings);
  const uploadIds = new UploadIds(uploadIdSecret(server, config), name);
  const region = auth.sigv4?.region ?? 'us-east-1';
  return {
    name,
    storeBucket: s3.bucket,
    region,
    store,
    cors: corsPolicyOf(config.cors),
    headerRules: headerRulesOf(config),
    checksums: storeChecksums(s3),
    uploadIds,
    authenticators: opened?.authenticators,
    authorizers,
  };
}

/** CRC32 costs the least CPU of those that every store verifies. */
function storeChecksums({ checksum, client_checksums }: BucketConfig['s3']): StoreChecksums {
  const passed = client_checksums === 'pass';
  if (checksum === 'unsupported' || !passed) return { added: undefined, own: undefined, passed };
  return checksum === 'none' ? { added: undefined, own: 'crc32', passed } : { added: checksum, own: checksum, passed };
}

/** @throws Error that names the bucket, if its store has no credentials or no authorities. */
export async function openStore(
  { name, s3 }: Pick<BucketConfig, 'name' | 's3'>,
  parts: BucketParts,
  { directory }: Pick<Surroundings, 'directory'>,
): Promise<StoreClient> {
  const ca = s3.ca_file === undefined ? undefined : await loadAuthorities(name, resolve(directory, s3.ca_file));
  const store = await StoreClient.open(s3, ca).catch((cause) => {
    throw new Error(`bucket ${name}: no credentials for its store: ${cause.message}`, { cause });
  });
  parts.opened.push(() => store.close());
  return store;
}

function headerRulesOf({ headers, s3 }: BucketConfig): HeaderRules | undefined {
  const dropsChecksums = s3.client_checksums === 'verify_and_drop';
  if (headers === undefined && !dropsChecksums) return undefined;
  const { refuse = [], allow = [], set: fixed = {} }: Partial<ObjectHeadersConfig> = headers ?? {};
  return { refused: new Set<string>(refuse), allowed: new Set<string>(allow), fixed, dropsChecksums };
}

/** Looked at here, because a file without a certificate in it would only be noticed at the first upload. */
async function loadAuthorities(bucket: string, file: string): Promise<string> {
  try {
    const text = await readFile(file, 'utf8');
    new X509Certificate(text);
    return text;
  } catch (cause) {
    throw new Error(`bucket ${bucket}: s3.ca_file ${file}: ${(cause as Error).message}`, { cause });
  }
}
