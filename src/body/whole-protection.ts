/** The protection of an object that is in memory as a whole: its checksum in a header, and its hash under the gateway's signature. */
import { createHash, type Hash } from 'node:crypto';
import type { BodyPlan } from './body-plan.ts';
import type { Checksums } from './object-decoder.ts';

export interface WholeProtection {
  readonly payloadHash: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** @param pieces all bytes of the object. */
export function protectWhole(
  { sent, signed, md5, payloadHash }: BodyPlan,
  pieces: readonly Buffer[],
  headers: Readonly<Record<string, string>>,
  checksums: Checksums,
): WholeProtection {
  const all = { ...headers };
  if (sent !== undefined) all[sent.header] = checksums.get(sent.checksum) as string;
  if (md5) all['content-md5'] = hashOf('md5', pieces).digest('base64');
  return { payloadHash: signed ? hashOf('sha256', pieces).digest('hex') : payloadHash, headers: all };
}

function hashOf(algorithm: 'md5' | 'sha256', pieces: readonly Buffer[]): Hash {
  const hash = createHash(algorithm);
  for (const piece of pieces) hash.update(piece);
  return hash;
}
