/** The state of a table that its headers sort. */
import { useState } from 'preact/hooks';
import type { Sort } from './sort.ts';

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
