/** From which secrets of the configuration the keys for our own use are derived. */
import type { BucketConfig } from '../config/bucket.ts';
import type { Config } from '../config/config.ts';
import type { ServerConfig } from '../config/server.ts';
import { deriveKey } from '../kit/derive-key.ts';

/** What the upload ids of one bucket are sealed with. */
export function uploadIdSecret(server: ServerConfig, { name, s3 }: BucketConfig): string {
  const secret = server.upload_id_secret ?? s3.secret_key;
  if (secret === undefined) throw new Error(`bucket ${name}: no secret for upload ids: set server.upload_id_secret`);
  return secret;
}

/** What keys the hashes of subjects: equal for all gateways of one configuration, so that their traces can be joined. */
export function pseudonymKey({ server, buckets }: Config): Buffer {
  const secret = server.upload_id_secret ?? buckets.find(({ s3 }) => s3.secret_key !== undefined)?.s3.secret_key;
  if (secret === undefined) throw new Error('no secret to derive keys from: set server.upload_id_secret');
  return deriveKey(secret, 'pseudonyms');
}
