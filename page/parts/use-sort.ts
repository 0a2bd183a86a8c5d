/** The column that a table is sorted by. */
import { useState } from 'preact/hooks';

export interface Sort<Column extends string> {
  readonly column: Column;
  readonly isDescending: boolean;
}

export interface Sorting<Column extends string> {
  readonly sort: Sort<Column>;
  /** Sorts by the column; in the opposite order if it is sorted by it. */
  choose(column: Column): void;
}

export function useSort<Column extends string>(first: Sort<Column>): Sorting<Column> {
  const [sort, setSort] = useState(first);
  const choose = (column: Column): void =>
    setSort((old) => ({ column, isDescending: old.column === column ? !old.isDescending : true }));
  return { sort, choose };
}

type Sortable = string | number | null;

/** Null is the least. */
export function compare(a: Sortable, b: Sortable): number {
  if (a === null || b === null) return Number(a !== null) - Number(b !== null);
  if (typeof a === 'string' || typeof b === 'string') return String(a) < String(b) ? -1 : Number(a !== b);
  return a - b;
}
