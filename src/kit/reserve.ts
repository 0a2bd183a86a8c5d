/** What one user of something shared leaves to others: a tenth, one piece at least. With fewer than four pieces nothing. */
const [SHARE, FEWEST] = [0.1, 4];

/** @param piece the smallest amount that is of use to anybody, in the unit of the total. */
export function reserveOf(total: number, piece: number): number {
  return total < FEWEST * piece ? 0 : Math.max(piece, Math.floor(total * SHARE));
}
