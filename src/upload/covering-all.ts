/** What protects an object that is at hand as a whole: its checksum as a header, and its hash under the gateway's signature. */
import { createHash } from 'node:crypto';
import type { BodyPlan } from './body-plan.ts';
import type { Checksums } from './object-decoder.ts';

export interface Covering {
  readonly payloadHash: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** @param pieces all bytes of the object. */
export function coveringAll(
  { sent, signed, payloadHash }: BodyPlan,
  pieces: readonly Buffer[],
  headers: Readonly<Record<string, string>>,
  checksums: Checksums,
): Covering {
  const sum = sent === undefined ? {} : { [sent.header]: checksums.get(sent.checksum) as string };
  return { payloadHash: signed ? sha256Of(pieces) : payloadHash, headers: { ...headers, ...sum } };
}

function sha256Of(pieces: readonly Buffer[]): string {
  const hash = createHash('sha256');
  for (const piece of pieces) hash.update(piece);
  return hash.digest('hex');
}
