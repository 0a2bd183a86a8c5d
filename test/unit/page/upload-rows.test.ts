import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Sort } from '../../../page/parts/sort.ts';
import { type UploadColumn, type UploadRow, uploadRows } from '../../../page/uploads/upload-rows.ts';
import type { Upload } from '../../../src/view/documents.ts';

const BY_AGE: Sort<UploadColumn> = { column: 'age', isDescending: true };

const upload = (id: string, fields: Partial<Upload> = {}): Upload =>
  ({
    id,
    bucket: 'b',
    key: id,
    age_seconds: 1,
    bytes_per_second: 0,
    received_bytes: 0,
    parts: [],
    upload: null,
    deadline: null,
    ...fields,
  }) as Upload;

const names = (rows: readonly UploadRow[]): string[] => rows.map(({ id }) => id);

describe('the rows of uploads', () => {
  it('are sorted by a column, in both orders', () => {
    const uploads = [upload('a', { age_seconds: 2 }), upload('b', { age_seconds: 9 }), upload('c', { age_seconds: 4 })];
    assert.deepEqual(names(uploadRows(uploads, '', BY_AGE)), ['b', 'c', 'a']);
    assert.deepEqual(names(uploadRows(uploads, '', { column: 'age', isDescending: false })), ['a', 'c', 'b']);
  });

  it('have the requests of one multipart upload together, by part number', () => {
    const uploads = [
      upload('p2', { upload: 'u', part_number: 2, age_seconds: 9 }),
      upload('other', { age_seconds: 5 }),
      upload('p1', { upload: 'u', part_number: 1, age_seconds: 1 }),
    ];
    assert.deepEqual(names(uploadRows(uploads, '', BY_AGE)), ['group u', 'p1', 'p2', 'other']);
  });

  it('have the parts of a split upload below it', () => {
    const part = { number: 3, bytes: 1, age_seconds: 1, waiting_for: 'store' } as const;
    assert.deepEqual(names(uploadRows([upload('a', { parts: [part] })], '', BY_AGE)), ['a', 'a 3']);
  });

  it('contain all words of the filter, in any case', () => {
    const uploads = [upload('Photo-1'), upload('photo-2', { caller: 'abc' })];
    assert.deepEqual(names(uploadRows(uploads, 'PHOTO abc', BY_AGE)), ['photo-2']);
  });

  it('have the most urgent deadline first', () => {
    const deadline = (elapsed_seconds: number) => ({ name: 'n', setting: 's', elapsed_seconds, limit_seconds: 60 });
    const uploads = [upload('a'), upload('b', { deadline: deadline(50) }), upload('c', { deadline: deadline(10) })];
    assert.deepEqual(names(uploadRows(uploads, '', { column: 'deadline', isDescending: true })), ['b', 'c', 'a']);
  });
});
