/** Bytes of many sizes, each whole and in pieces, the same in every process. */
import { seededRandom } from '../../../src/kit/seeded-random.ts';

/** Around the words of CPUs, the blocks of the algorithms and the 16 KiB buffer of hash-wasm. */
const SIZES = [
  0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 255, 256, 257, 511, 512, 513,
].concat([
  1023, 1024, 1025, 4095, 4096, 4097, 8191, 8192, 8193, 16_383, 16_384, 16_385, 32_769, 65_535, 65_536, 65_537, 200_003,
]);

export interface ChecksumCase {
  readonly name: string;
  readonly pieces: readonly Buffer[];
}

const random = seededRandom(20);
const below = (most: number): number => Math.floor(random() * most);

export const CHECKSUM_CASES: readonly ChecksumCase[] = SIZES.flatMap((size) => {
  const bytes = unaligned(size);
  return [
    { name: `${size} bytes`, pieces: [bytes] },
    { name: `${size} bytes in pieces of any size`, pieces: piecesOf(bytes, () => below(size + 1)) },
    { name: `${size} bytes in small pieces`, pieces: piecesOf(bytes, () => 1 + below(20)) },
  ];
});

/** Sockets give views at any offset of a larger block. */
function unaligned(size: number): Buffer {
  const block = Buffer.alloc(size + 16);
  for (let i = 0; i < block.length; i++) block[i] = below(256);
  const start = below(16);
  return block.subarray(start, start + size);
}

/** @param next the length of a piece, which may be 0. */
function piecesOf(bytes: Buffer, next: () => number): Buffer[] {
  const pieces: Buffer[] = [];
  for (let start = 0; start < bytes.length; ) {
    const piece = bytes.subarray(start, start + next());
    pieces.push(piece);
    start += piece.length;
  }
  return pieces;
}
