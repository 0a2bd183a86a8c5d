/** Keys for our own use, derived from a secret that the configuration holds anyway (HKDF, RFC 5869): one for each purpose. */
import { hkdfSync } from 'node:crypto';
import type { Config } from '../config/config.ts';

/** Bytes. */
const LENGTH = 32;

export function deriveKey(secret: string, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, 'mizuchi-uploadr', purpose, LENGTH));
}

/** What keys the hashes of subjects: equal for all gateways of one configuration, so that their traces can be joined. */
export function pseudonymKey({ server, buckets }: Config): Buffer {
  const secret = server.upload_id_secret ?? buckets.find(({ s3 }) => s3.secret_key !== undefined)?.s3.secret_key;
  if (secret === undefined) throw new Error('no secret to derive keys from: set server.upload_id_secret');
  return deriveKey(secret, 'pseudonyms');
}
