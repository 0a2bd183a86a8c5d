/** The secrets of the configuration from which the gateway derives its own keys. */
import type { BucketConfig } from '../config/bucket.ts';
import type { Config } from '../config/config.ts';
import type { ServerConfig } from '../config/server.ts';
import { deriveKey } from '../kit/derive-key.ts';

/** The secrets of the upload ids of one bucket: the first one seals, and all of them open. */
export function uploadIdSecrets(server: ServerConfig, { name, s3 }: BucketConfig): readonly [string, ...string[]] {
  const [newest = s3.secret_key, ...older] = configuredSecrets(server);
  if (newest === undefined) throw new Error(`bucket ${name}: no secret for upload ids: set server.upload_id_secret`);
  // With a list, ids from before the gateway had its own secret stay valid.
  const isOld = server.upload_id_secrets !== undefined && s3.secret_key !== undefined;
  return [newest, ...older, ...(isOld ? [s3.secret_key] : [])];
}

/** The key of the hashes of subjects. All gateways of one configuration have the same, so that their traces can be joined. */
export function pseudonymKey({ server, buckets }: Config): Buffer {
  const secret = configuredSecrets(server)[0] ?? buckets.find(({ s3 }) => s3.secret_key !== undefined)?.s3.secret_key;
  if (secret === undefined) throw new Error('no secret to derive keys from: set server.upload_id_secret');
  return deriveKey(secret, 'pseudonyms');
}

function configuredSecrets({ upload_id_secret, upload_id_secrets = [] }: ServerConfig): readonly string[] {
  return upload_id_secret === undefined ? upload_id_secrets : [upload_id_secret];
}
