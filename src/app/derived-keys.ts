/** The secrets of the configuration from which the gateway derives its own keys. */
import type { BucketConfig } from '../config/bucket.ts';
import type { Config } from '../config/config.ts';
import type { ServerConfig } from '../config/server.ts';
import { deriveKey } from '../kit/derive-key.ts';

/** The secret that seals the upload ids of one bucket. */
export function uploadIdSecret(server: ServerConfig, { name, s3 }: BucketConfig): string {
  const secret = server.upload_id_secret ?? s3.secret_key;
  if (secret === undefined) throw new Error(`bucket ${name}: no secret for upload ids: set server.upload_id_secret`);
  return secret;
}

/** The key of the hashes of subjects. All gateways of one configuration have the same, so that their traces can be joined. */
export function pseudonymKey({ server, buckets }: Config): Buffer {
  const secret = server.upload_id_secret ?? buckets.find(({ s3 }) => s3.secret_key !== undefined)?.s3.secret_key;
  if (secret === undefined) throw new Error('no secret to derive keys from: set server.upload_id_secret');
  return deriveKey(secret, 'pseudonyms');
}
