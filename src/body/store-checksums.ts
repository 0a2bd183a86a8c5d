/** The checksums that one store gets. A store without checksum support gets none, so the gateway must verify all of them. */
import { Failure } from '../domain/failure.ts';
import type { PromiseName } from '../domain/promise-names.ts';
import type { ChecksumName } from './checksum.ts';

/** Checksums towards a store, in addition to those of the clients. */
export interface StoreChecksums {
  /** Added to objects about whose bytes the client promises nothing. */
  readonly added: ChecksumName | undefined;
  /** Replaces promises that parts cannot carry; undefined for a store without checksum support. */
  readonly own: ChecksumName | undefined;
  /** Whether the store gets the checksums of the clients. */
  readonly passed: boolean;
  /** Promises of clients that the store verifies itself; it refuses bytes that do not match. */
  readonly verifies: ReadonlySet<PromiseName>;
}

/** @param promise header of the client, without its value. */
export function unverifiable(promise: string): Failure {
  const message = `The store of this bucket does not support checksums, and the gateway cannot verify ${promise} itself. Send a checksum of another algorithm with each part or object, and none with the completion.`;
  return new Failure('not_implemented', message, { reason: 'checksum_unverifiable' });
}
