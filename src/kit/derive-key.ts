/** Keys for our own use, derived from a secret that is there anyway: one for each purpose (HKDF, RFC 5869). */
import { hkdfSync } from 'node:crypto';

/** Bytes. */
const LENGTH = 32;

/** @param purpose in plain words; keys of different purposes tell nothing about each other. */
export function deriveKey(secret: string, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, 'mizuchi-uploadr', purpose, LENGTH));
}
