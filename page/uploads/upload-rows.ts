/** Rows of the table of uploads: requests of one multipart upload are next to each other, the parts of a split object below it. */
import type { LivePart, Upload } from '../../src/view/documents.ts';
import { textFilter } from '../parts/filter-text.ts';
import { compare, type Sort } from '../parts/sort.ts';

export type UploadColumn = 'name' | 'progress' | 'rate' | 'wait' | 'deadline' | 'age';

export type UploadRow =
  | { readonly kind: 'group'; readonly id: string; readonly uploads: readonly Upload[] }
  | { readonly kind: 'upload'; readonly id: string; readonly upload: Upload; readonly isInGroup: boolean }
  | { readonly kind: 'part'; readonly id: string; readonly part: LivePart };

interface Group {
  readonly id: string;
  readonly uploads: readonly Upload[];
}

export function uploadRows(uploads: readonly Upload[], filter: string, sort: Sort<UploadColumn>): UploadRow[] {
  const matches = textFilter(filter);
  const groups = groupsOf(uploads.filter((upload) => matches(textsOf(upload))));
  const sign = sort.isDescending ? -1 : 1;
  const valueIn = VALUES[sort.column];
  const keyed = groups.map((group) => ({ group, value: valueIn(group.uploads) }));
  keyed.sort((a, b) => sign * compare(a.value, b.value) || (a.group.id < b.group.id ? -1 : 1));
  return keyed.flatMap(({ group }) => rowsOf(group));
}

export const textsOf = (upload: Upload): (string | number | null)[] => [
  upload.bucket,
  upload.key,
  upload.caller,
  upload.operation,
  upload.way,
  upload.waiting_for,
  upload.id,
  upload.trace_id,
];

/** Uploads without an upload ID are alone. */
function groupsOf(uploads: readonly Upload[]): Group[] {
  const groups = new Map<string, Upload[]>();
  for (const upload of uploads) {
    const id = upload.upload ?? upload.id;
    const group = groups.get(id);
    if (group === undefined) groups.set(id, [upload]);
    else group.push(upload);
  }
  return [...groups].map(([id, members]) => ({ id, uploads: members }));
}

function rowsOf({ id, uploads }: Group): UploadRow[] {
  if (uploads.length === 1) return rowsOfUpload(uploads[0]!, false);
  const parts = uploads.toSorted((a, b) => (a.part_number ?? 0) - (b.part_number ?? 0));
  return [{ kind: 'group', id: `group ${id}`, uploads }, ...parts.flatMap((upload) => rowsOfUpload(upload, true))];
}

const rowsOfUpload = (upload: Upload, isInGroup: boolean): UploadRow[] => [
  { kind: 'upload', id: upload.id, upload, isInGroup },
  ...upload.parts.map((part): UploadRow => ({ kind: 'part', id: `${upload.id} ${part.number}`, part })),
];

const sum = (uploads: readonly Upload[], value: (upload: Upload) => number): number =>
  uploads.reduce((total, upload) => total + value(upload), 0);

export const receivedBytes = (uploads: readonly Upload[]): number => sum(uploads, (upload) => upload.received_bytes);
export const rateOf = (uploads: readonly Upload[]): number => sum(uploads, (upload) => upload.bytes_per_second);
export const ageOf = (uploads: readonly Upload[]): number => Math.max(...uploads.map(({ age_seconds }) => age_seconds));

/** Null if one of the sizes is unknown. */
export function sizeOf(uploads: readonly Upload[]): number | null {
  return uploads.some(({ size_bytes }) => size_bytes === null) ? null : sum(uploads, ({ size_bytes }) => size_bytes!);
}

/** Whose time is nearest to its end. */
const urgency = ({ deadline }: Upload): number =>
  deadline === null ? -1 : deadline.elapsed_seconds / deadline.limit_seconds;

const progressOf = (uploads: readonly Upload[]): number | null => {
  const size = sizeOf(uploads);
  return size === null || size === 0 ? null : receivedBytes(uploads) / size;
};

/** The value of a group in each column. */
const VALUES: Record<UploadColumn, (uploads: readonly Upload[]) => string | number | null> = {
  name: ([first]) => `${first!.bucket ?? ''}/${first!.key ?? ''}`,
  progress: progressOf,
  rate: rateOf,
  wait: (uploads) => uploads.find(({ waiting_for }) => waiting_for !== null)?.waiting_for ?? null,
  deadline: (uploads) => Math.max(...uploads.map(urgency)),
  age: ageOf,
};
