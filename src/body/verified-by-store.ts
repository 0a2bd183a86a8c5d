/** Whether the store of a bucket verifies itself what a client has promised about its bytes. */
import { type PromiseName, promiseOfHeader } from '../domain/promise-names.ts';
import type { BodyPlan } from './body-plan.ts';
import type { StoreChecksums } from './store-checksums.ts';

/**
 * True if the gateway does not have to read the body in order to verify it: the body has no framing, and the store verifies every
 * promise. The gateway may still have to read it in order to add a checksum (`sent`, `md5`).
 */
export function isVerifiedBy(
  { verifies }: Pick<StoreChecksums, 'verifies'>,
  { framing, promises, onlyWhole }: Pick<BodyPlan, 'framing' | 'promises' | 'onlyWhole'>,
): boolean {
  const headers = promises.map(({ header }) => header);
  if (onlyWhole !== undefined) headers.push(onlyWhole);
  return framing === undefined && headers.every((header) => isIn(verifies, promiseOfHeader(header)));
}

const isIn = (names: ReadonlySet<PromiseName>, name: PromiseName | undefined): boolean =>
  name !== undefined && names.has(name);
