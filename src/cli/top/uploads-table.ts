/** The uploads in progress as a table that fits the width of a terminal. */
import type { Upload } from '../../view/documents.ts';
import { bar, bytes, rate, seconds } from './figures.ts';
import { fit } from './printable.ts';

const BAR_COLUMNS = 10;
const LEAST_KEY = 12;

interface Column {
  readonly title: string;
  readonly width: number;
  readonly align?: 'right';
  /** The part that a shortened text has. */
  readonly keep?: 'end';
  /** The columns that are left. */
  readonly grows?: true;
  /** Where the terminal is narrow: the one with the highest number is left out first. */
  readonly drop?: number;
  text(upload: Upload): string;
}

const COLUMNS: readonly Column[] = [
  { title: 'BUCKET', width: 12, drop: 3, text: ({ bucket }) => bucket ?? '–' },
  { title: 'KEY', width: LEAST_KEY, grows: true, keep: 'end', text: ({ key }) => key ?? '–' },
  { title: 'OPERATION', width: 12, drop: 4, text: ({ operation, stage }) => operation ?? stage },
  { title: 'PART', width: 5, align: 'right', drop: 5, text: partOf },
  { title: 'WAY', width: 9, drop: 7, text: ({ way }) => way ?? '–' },
  { title: 'PROGRESS', width: BAR_COLUMNS, drop: 6, text: barOf },
  { title: 'RECEIVED', width: 22, align: 'right', drop: 2, text: receivedOf },
  { title: 'RATE', width: 11, align: 'right', drop: 1, text: (upload) => rate(upload.bytes_per_second) },
  { title: 'WAITS FOR', width: 17, text: waitOf },
  { title: 'AGE', width: 6, align: 'right', text: ({ age_seconds }) => seconds(age_seconds) },
  { title: 'DEADLINE', width: 27, drop: 8, text: deadlineOf },
];

function partOf({ part_number, parts }: Upload): string {
  if (part_number !== null) return String(part_number);
  return parts.length === 0 ? '' : `×${parts.length}`;
}

function barOf({ size_bytes, received_bytes }: Upload): string {
  return size_bytes === null ? '' : bar(size_bytes === 0 ? 1 : received_bytes / size_bytes, BAR_COLUMNS);
}

function receivedOf({ size_bytes, received_bytes }: Upload): string {
  return size_bytes === null ? bytes(received_bytes) : `${bytes(received_bytes)} of ${bytes(size_bytes)}`;
}

function waitOf({ waiting_for, waiting_seconds }: Upload): string {
  if (waiting_for === null) return '–';
  return waiting_seconds === null ? waiting_for : `${waiting_for} ${seconds(waiting_seconds)}`;
}

function deadlineOf({ deadline }: Upload): string {
  if (deadline === null) return '';
  return `${deadline.name} ${Math.floor(deadline.elapsed_seconds)} of ${deadline.limit_seconds} s`;
}

export interface Table {
  readonly heading: string;
  readonly rows: readonly string[];
}

/** @param width in columns. */
export function uploadsTable(uploads: readonly Upload[], width: number): Table {
  const shown = columnsFor(width);
  const spare = Math.max(0, width - widthOf(shown));
  const line = (cell: (column: Column) => string): string =>
    shown
      .map((column) => fit(cell(column), column.width + (column.grows ? spare : 0), column.align, column.keep))
      .join(' ');
  return {
    heading: line(({ title }) => title),
    rows: uploads.map((upload) => line((column) => column.text(upload))),
  };
}

function columnsFor(width: number): readonly Column[] {
  let shown = COLUMNS;
  while (widthOf(shown) > width) {
    const drop = Math.max(...shown.map((column) => column.drop ?? 0));
    if (drop === 0) break;
    shown = shown.filter((column) => column.drop !== drop);
  }
  return shown;
}

/** With a blank between two. */
const widthOf = (shown: readonly Column[]): number => shown.reduce((sum, { width }) => sum + width + 1, -1);
