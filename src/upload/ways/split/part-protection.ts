/**
 * What lets the store notice a byte that changes on its way, where an object goes in parts. Parts cannot carry
 * a promise about the whole. Each part and the completion carry a checksum instead, of the client's kind or the gateway's.
 */

import type { BodyPlan, SentChecksum } from '../../../body/body-plan.ts';
import { checksumOfHeader, isKnownEverywhere } from '../../../body/checksum.ts';
import type { StoreChecksums } from '../../../body/store-checksums.ts';

export interface PartProtection {
  /** Of each part and of the completion. */
  readonly checksum: SentChecksum | undefined;
  /** Whether each part has a Content-MD5 instead: for stores that do not take checksums. */
  readonly md5: boolean;
}

/** With Object Lock every part needs a checksum (Amazon S3 API Reference, "UploadPart": Content-MD5). */
export function partProtection(plan: BodyPlan, { added, own }: StoreChecksums): PartProtection {
  const needed = plan.promised || plan.locked;
  if (own === undefined) return { checksum: undefined, md5: needed };
  return { checksum: ofClient(plan) ?? named(needed ? own : added), md5: false };
}

/** The store keeps it, as the client wants. One that not every store knows is verified here, and replaced. */
function ofClient({ sent, promises }: BodyPlan): SentChecksum | undefined {
  const found = sent ?? promises.find(({ header }) => checksumOfHeader(header) !== undefined);
  return found !== undefined && isKnownEverywhere(found.checksum) ? found : undefined;
}

function named(checksum: SentChecksum['checksum'] | undefined): SentChecksum | undefined {
  return checksum === undefined ? undefined : { header: `x-amz-checksum-${checksum}`, checksum };
}
