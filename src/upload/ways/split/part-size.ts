/** How large the parts are into which the gateway splits an object. Limits: Amazon S3 User Guide, "Multipart upload limits". */

const MIB = 1024 * 1024;
const MAX_PARTS = 10_000;
/** Of every part but the last, in bytes. */
const SMALLEST_PART = 5 * MIB;

/** Both are whole MiB. */
export interface PartSize {
  /** Bytes from which on a part can be sent although it is not the last. */
  readonly leastBytes: number;
  /** Bytes that it grows to while there is memory. */
  readonly mostBytes: number;
}

/**
 * 10,000 parts always suffice, however short memory becomes.
 * @param length of the object in bytes, or the most that it may have where its length is unknown.
 * @param configured bytes of a part.
 */
export function partSizeFor(length: number, configured: number): PartSize {
  const leastBytes = Math.ceil(Math.max(SMALLEST_PART, length / MAX_PARTS) / MIB) * MIB;
  return { leastBytes, mostBytes: Math.max(Math.floor(configured / MIB) * MIB, leastBytes) };
}
