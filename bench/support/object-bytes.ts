/** The objects that clients of the benchmarks send: one block, repeated, so that a large object needs no memory of its size. */

/** A multiple of the chunk size of body-kinds.ts. Small enough for the cache of a CPU: the client is not to be the bottleneck. */
export const BLOCK_SIZE = 256 * 1024;
const BLOCK = Buffer.alloc(BLOCK_SIZE, 'a');

/** @returns pieces that share their memory. */
export function objectOf(size: number): readonly Buffer[] {
  const blocks = Array<Buffer>(Math.floor(size / BLOCK_SIZE)).fill(BLOCK);
  const rest = size % BLOCK_SIZE;
  return rest === 0 ? blocks : [...blocks, BLOCK.subarray(0, rest)];
}

export function lengthOf(pieces: readonly Buffer[]): number {
  return pieces.reduce((sum, { length }) => sum + length, 0);
}
