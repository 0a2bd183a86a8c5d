/** The requests that have ended, newest first, with a filter. */
import { useState } from 'preact/hooks';
import type { RecentRequest, TracesDocument } from '../../src/view/documents.ts';
import { showBytes, showSeconds, showTime } from '../format.ts';
import { Empty } from '../parts/empty.tsx';
import { FilterBox } from '../parts/filter-box.tsx';
import { RowWindow } from '../parts/row-window.tsx';
import { SortHeader } from '../parts/sort-header.tsx';
import { useSort } from '../parts/use-sort.ts';
import { traceAddress } from '../route.ts';
import { ObjectName } from '../uploads/upload-row.tsx';
import { isFailed, outcomeOf, Side, Status } from './outcome.tsx';
import { endedAt, type TraceColumn, traceRows } from './trace-rows.ts';

const COLUMNS: readonly (readonly [TraceColumn, string])[] = [
  ['time', 'Ended'],
  ['request', 'Request'],
  ['status', 'Status'],
  ['reason', 'Side and reason'],
  ['duration', 'Duration'],
  ['bytes', 'Bytes'],
];

const KINDS = {
  failed: ['failed', isFailed],
  slow: ['slow', ({ kept }: RecentRequest) => kept === 'slow'],
  sampled: ['exported', ({ sampled }: RecentRequest) => sampled],
} as const;

type Kind = keyof typeof KINDS;

/** With tracing disabled, nothing is exported. */
const kindsOf = ({ tracing }: TracesDocument): readonly Kind[] =>
  tracing ? ['failed', 'slow', 'sampled'] : ['failed', 'slow'];

export function TraceList({ traces }: { readonly traces: TracesDocument }) {
  const [filter, setFilter] = useState('');
  const [kind, setKind] = useState<Kind>();
  const sorting = useSort<TraceColumn>({ column: 'time', isDescending: true });
  const requests = kind === undefined ? traces.requests : traces.requests.filter(KINDS[kind][1]);
  const rows = traceRows(requests, filter, sorting.sort);
  return (
    <>
      <h1 class="visually-hidden">Recent traces</h1>
      <div class="toolbar">
        <FilterBox label="Filter by key, reason, trace ID …" value={filter} onChange={setFilter} />
        <fieldset class="chips">
          <legend class="visually-hidden">Filter by kind</legend>
          {kindsOf(traces).map((each) => (
            <button
              key={each}
              type="button"
              class="chip"
              aria-pressed={kind === each}
              onClick={() => setKind(kind === each ? undefined : each)}
            >
              {KINDS[each][0]} <b class="number">{traces.requests.filter(KINDS[each][1]).length}</b>
            </button>
          ))}
        </fieldset>
      </div>
      {!traces.tracing && (
        <p class="card note">
          Requests have no waterfalls: tracing is disabled. Set <span class="code">tracing.enabled: true</span> to see
          them.
        </p>
      )}
      {rows.length === 0 ? (
        <Empty title={traces.requests.length === 0 ? 'No request has ended yet' : 'No request matches the filter'} />
      ) : (
        <table class="rows traces" aria-label="Recent requests" aria-rowcount={rows.length + 1}>
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
            render={(request, index) => <RequestRow key={request.id} request={request} position={index + 2} />}
          />
        </table>
      )}
    </>
  );
}

function RequestRow({ request, position }: { readonly request: RecentRequest; readonly position: number }) {
  const name = <ObjectName bucket={request.bucket} name={request.key} unknown="(no bucket)" />;
  const operation = request.operation ?? request.method;
  return (
    <tr class={isFailed(request) ? 'failed-row' : ''} aria-rowindex={position} data-request={request.id}>
      <td class="column-time number">{showTime(endedAt(request))}</td>
      <td class="column-request">
        {request.has_spans && request.trace_id !== null ? (
          <a class="row-link" href={traceAddress(request.trace_id)}>
            {name}
          </a>
        ) : (
          name
        )}
        <span class="second-line muted">
          {operation}
          {request.part_number !== null && ` · part ${request.part_number}`}
          {request.kept === 'recent' ? '' : ` · kept: ${request.kept}`}
          {request.sampled || request.trace_id === null ? '' : ' · not exported'}
        </span>
      </td>
      <td class="column-status">
        <Status request={request} />
        <span class="second-line muted">{outcomeOf(request)}</span>
      </td>
      <td class="column-reason">
        {request.side !== null && (
          <span title={request.message ?? ''}>
            <Side side={request.side} /> <span>{request.error_type}</span>
            <span class="second-line muted">{request.reason ?? request.message}</span>
          </span>
        )}
      </td>
      <td class="column-duration number">
        {showSeconds(request.duration_seconds)}
        <WaitStrip request={request} />
      </td>
      <td class="column-bytes number">{showBytes(request.bytes)}</td>
    </tr>
  );
}

/** Which part of the duration was wait for the client and for the store. */
function WaitStrip({ request }: { readonly request: RecentRequest }) {
  const { duration_seconds, client_wait_seconds, store_wait_seconds } = request;
  const waits = [
    ['client', client_wait_seconds],
    ['store', store_wait_seconds],
  ] as const;
  const text = waits.map(([wait, seconds]) => `${wait} wait ${showSeconds(seconds)}`).join(', ');
  return (
    <span class="strip" role="img" aria-label={text} title={text}>
      {waits.map(([wait, seconds]) => (
        <span
          key={wait}
          class={`patch-${wait}`}
          style={{ width: `${Math.min(100, (100 * seconds) / (duration_seconds || 1))}%` }}
        />
      ))}
    </span>
  );
}
