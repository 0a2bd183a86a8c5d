/** The part of a shared resource that one user must leave to others: 10 %, at least one unit; nothing with fewer than four units. */
const [SHARE, FEWEST] = [0.1, 4];

/** @param piece the smallest useful amount, in the unit of the total. */
export function reserveOf(total: number, piece: number): number {
  return total < FEWEST * piece ? 0 : Math.max(piece, Math.floor(total * SHARE));
}
