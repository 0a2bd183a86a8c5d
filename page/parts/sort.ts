/** The order of the rows of a table. */

/** The column that a table is sorted by. */
export interface Sort<Column extends string> {
  readonly column: Column;
  readonly isDescending: boolean;
}

type Sortable = string | number | null;

/** Null is the least. */
export function compare(a: Sortable, b: Sortable): number {
  if (a === null || b === null) return Number(a !== null) - Number(b !== null);
  if (typeof a === 'string' || typeof b === 'string') return String(a) < String(b) ? -1 : Number(a !== b);
  return a - b;
}
