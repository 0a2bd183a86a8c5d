/** The rows of a long table that are on the screen. All rows have the height `--row-height` of the style sheet. */
import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';

/** Rows that are rendered above and below the screen. */
const MARGIN = 8;

interface Props<Row> {
  readonly rows: readonly Row[];
  readonly columns: number;
  readonly render: (row: Row, index: number) => ComponentChildren;
}

/** The body of a table. */
export function RowWindow<Row>({ rows, columns, render }: Props<Row>) {
  const body = useRef<HTMLTableSectionElement>(null);
  const [view, setView] = useState({ first: 0, count: 40, height: 0 });
  useLayoutEffect(() => {
    const update = (): void => {
      const next = viewOf(body.current!);
      setView((old) =>
        old.first === next.first && old.count === next.count && old.height === next.height ? old : next,
      );
    };
    update();
    addEventListener('scroll', update, { passive: true });
    addEventListener('resize', update);
    return () => {
      removeEventListener('scroll', update);
      removeEventListener('resize', update);
    };
  }, []);
  const first = Math.min(view.first, Math.max(0, rows.length - view.count));
  const last = Math.min(rows.length, first + view.count);
  return (
    <tbody ref={body}>
      <Space key="above" height={first * view.height} columns={columns} />
      {rows.slice(first, last).map((row, index) => render(row, first + index))}
      <Space key="below" height={(rows.length - last) * view.height} columns={columns} />
    </tbody>
  );
}

function viewOf(body: HTMLElement): { first: number; count: number; height: number } {
  const height = Number.parseFloat(getComputedStyle(body).getPropertyValue('--row-height'));
  const hidden = Math.max(0, -body.getBoundingClientRect().top);
  const first = Math.max(0, Math.floor(hidden / height) - MARGIN);
  return { first, count: Math.ceil(innerHeight / height) + 2 * MARGIN, height };
}

function Space({ height, columns }: { readonly height: number; readonly columns: number }) {
  if (height <= 0) return null;
  return (
    <tr class="space">
      <td colSpan={columns} style={{ height: `${height}px` }} />
    </tr>
  );
}
