/** The header of a column, with a button that sorts by it. */
import type { ComponentChildren } from 'preact';
import type { Sorting } from './use-sort.ts';

interface Props<Column extends string> {
  readonly column: Column;
  readonly sorting: Sorting<Column>;
  readonly children: ComponentChildren;
}

export function SortHeader<Column extends string>({ column, sorting, children }: Props<Column>) {
  const { sort, choose } = sorting;
  const isSorted = sort.column === column;
  const order = sort.isDescending ? 'descending' : 'ascending';
  return (
    <th scope="col" class={`column-${column}`} aria-sort={isSorted ? order : 'none'}>
      <button type="button" onClick={() => choose(column)}>
        {children}
        <span class="sort-mark" aria-hidden="true">
          {isSorted ? (sort.isDescending ? '▾' : '▴') : ''}
        </span>
      </button>
    </th>
  );
}
