/** How large the parts are into which the gateway splits an object. Limits: Amazon S3 User Guide, "Multipart upload limits". */
import { BLOCK_BYTES } from '../../kit/block-pool.ts';

const MAX_PARTS = 10_000;
/** Of every part but the last, in bytes. */
const SMALLEST_PART = 5 * 1024 * 1024;

export interface PartSize {
  /** Blocks that a part has for certain. */
  readonly leastBlocks: number;
  /** Bytes that it grows to while there is memory. */
  readonly mostBytes: number;
}

/**
 * 10,000 parts always suffice, however short memory becomes.
 * @param length of the object in bytes, or the most that it may have where nobody knows.
 * @param configured bytes of a part.
 */
export function partSizeFor(length: number, configured: number): PartSize {
  const least = Math.max(SMALLEST_PART, Math.ceil(length / MAX_PARTS));
  const leastBlocks = Math.ceil(least / BLOCK_BYTES);
  return { leastBlocks, mostBytes: Math.max(configured, leastBlocks * BLOCK_BYTES) };
}
