/** Derives a key for each purpose from one configured secret (HKDF, RFC 5869). */
import { hkdfSync } from 'node:crypto';

/** Bytes. */
const LENGTH = 32;

/** @param purpose in plain words. A key reveals nothing about keys of other purposes. */
export function deriveKey(secret: string, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, 'mizuchi-uploadr', purpose, LENGTH));
}
