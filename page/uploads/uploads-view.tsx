/** Uploads in flight: two series, a filter, and a table that stays smooth with 1,000 rows. */
import { useState } from 'preact/hooks';
import { useLive } from '../data/use-live.ts';
import { showRate } from '../format.ts';
import { Empty } from '../parts/empty.tsx';
import { FilterBox } from '../parts/filter-box.tsx';
import { RowWindow } from '../parts/row-window.tsx';
import { SortHeader } from '../parts/sort-header.tsx';
import { useSort } from '../parts/use-sort.ts';
import { Chart } from './chart.tsx';
import { UploadTableRow } from './upload-row.tsx';
import { type UploadColumn, type UploadRow, uploadRows } from './upload-rows.ts';
import { type WaitFilter, WaitsSummary, waitOf } from './waits-summary.tsx';

const COLUMNS: readonly (readonly [UploadColumn, string])[] = [
  ['name', 'Upload'],
  ['progress', 'Received'],
  ['rate', 'Rate'],
  ['wait', 'Waits for'],
  ['deadline', 'Nearest deadline'],
  ['age', 'Age'],
];

const showCountOfAxis = (count: number): string => (Number.isInteger(count) ? String(count) : '');

export function UploadsView() {
  const { uploads, series } = useLive();
  const [filter, setFilter] = useState('');
  const [wait, setWait] = useState<WaitFilter>();
  const sorting = useSort<UploadColumn>({ column: 'age', isDescending: true });
  if (uploads === undefined) return <Empty title="Loading …" />;
  const chosen = wait === undefined ? uploads.uploads : uploads.uploads.filter((upload) => waitOf(upload) === wait);
  const rows = uploadRows(chosen, filter, sorting.sort);
  return (
    <>
      <h1 class="visually-hidden">Uploads in flight</h1>
      <div class="charts">
        <Chart
          title="Received"
          now={showRate(uploads.bytes_per_second)}
          times={series.times}
          values={series.rates}
          show={showRate}
          color="--accent"
        />
        <Chart
          title="Uploads in flight"
          now={uploads.total.toLocaleString('en')}
          times={series.times}
          values={series.counts}
          show={showCountOfAxis}
          color="--second"
        />
      </div>
      <div class="toolbar">
        <FilterBox label="Filter by bucket, key, caller …" value={filter} onChange={setFilter} />
        <WaitsSummary uploads={uploads.uploads} chosen={wait} onChoose={setWait} />
      </div>
      {uploads.total > uploads.uploads.length && (
        <p class="note">
          {uploads.total.toLocaleString('en')} uploads are in flight. The table has the{' '}
          {uploads.uploads.length.toLocaleString('en')} longest-running ones.
        </p>
      )}
      <UploadTable rows={rows} sorting={sorting} isFiltered={rows.length < uploads.uploads.length} />
    </>
  );
}

interface TableProps {
  readonly rows: readonly UploadRow[];
  readonly sorting: ReturnType<typeof useSort<UploadColumn>>;
  readonly isFiltered: boolean;
}

function UploadTable({ rows, sorting, isFiltered }: TableProps) {
  if (rows.length === 0)
    return isFiltered ? (
      <Empty title="No upload matches the filter" />
    ) : (
      <Empty title="No upload is in flight">
        <p>An upload appears here when its request arrives. Requests that have ended are under Traces.</p>
      </Empty>
    );
  return (
    <table class="rows uploads" aria-label="Uploads in flight" aria-rowcount={rows.length + 1}>
      <thead>
        <tr aria-rowindex={1}>
          {COLUMNS.map(([column, title]) => (
            <SortHeader key={column} column={column} sorting={sorting}>
              {title}
            </SortHeader>
          ))}
        </tr>
      </thead>
      <RowWindow
        rows={rows}
        columns={COLUMNS.length}
        render={(row, index) => <UploadTableRow key={row.id} row={row} index={index} />}
      />
    </table>
  );
}
