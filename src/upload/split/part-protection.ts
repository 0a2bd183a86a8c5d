/**
 * What lets the store notice a byte that changes on its way, where an object goes in parts. A promise about the whole cannot go
 * along with parts, so each part carries a checksum of the client's kind or of the gateway's own, and so does the completion.
 */
import { checksumOfHeader, isKnownEverywhere } from '../../body/checksum.ts';
import type { StoreChecksums } from '../../s3/store-client.ts';
import type { BodyPlan, SentChecksum } from '../body-plan.ts';

export interface PartProtection {
  /** Of each part and of the completion. */
  readonly checksum: SentChecksum | undefined;
  /** Whether each part has a Content-MD5: for stores that do not take checksums, or may not know this one. */
  readonly md5: boolean;
}

/**
 * @param headers of the request to the store. With Object Lock every part needs a checksum (Amazon S3 API Reference,
 * "UploadPart": Content-MD5).
 */
export function partProtection(
  plan: BodyPlan,
  headers: Readonly<Record<string, string>>,
  { added, own }: StoreChecksums,
): PartProtection {
  const needed = plan.promised || isLocked(headers);
  if (own === undefined) return { checksum: undefined, md5: needed };
  const checksum = plan.sent ?? checksumInHeader(plan) ?? named(needed ? own : added);
  return { checksum, md5: checksum !== undefined && !isKnownEverywhere(checksum.checksum) };
}

const isLocked = (headers: Readonly<Record<string, string>>): boolean =>
  Object.keys(headers).some((name) => name.startsWith('x-amz-object-lock-'));

/** The store keeps it, as the client wants. */
function checksumInHeader({ promises }: BodyPlan): SentChecksum | undefined {
  return promises.find(({ header }) => checksumOfHeader(header) !== undefined);
}

function named(checksum: SentChecksum['checksum'] | undefined): SentChecksum | undefined {
  return checksum === undefined ? undefined : { header: `x-amz-checksum-${checksum}`, checksum };
}
