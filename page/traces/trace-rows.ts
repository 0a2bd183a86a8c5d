/** Filters and sorts the requests that have ended. */
import type { RecentRequest } from '../../src/view/documents.ts';
import { textFilter } from '../parts/filter-text.ts';
import { compare, type Sort } from '../parts/sort.ts';

export type TraceColumn = 'time' | 'request' | 'status' | 'reason' | 'duration' | 'bytes';

/** Unix time in milliseconds. */
export const endedAt = ({ started_at, duration_seconds }: RecentRequest): number =>
  started_at + duration_seconds * 1000;

const VALUES: Record<TraceColumn, (request: RecentRequest) => string | number | null> = {
  time: endedAt,
  request: ({ bucket, key }) => `${bucket ?? ''}/${key ?? ''}`,
  status: ({ status }) => status,
  reason: ({ side, error_type, reason }) => (side === null ? null : `${side} ${error_type} ${reason}`),
  duration: ({ duration_seconds }) => duration_seconds,
  bytes: ({ bytes }) => bytes,
};

export function traceRows(
  requests: readonly RecentRequest[],
  filter: string,
  { column, isDescending }: Sort<TraceColumn>,
): RecentRequest[] {
  const matches = textFilter(filter);
  const valueIn = VALUES[column];
  const sign = isDescending ? -1 : 1;
  return requests
    .filter((request) => matches(textsOf(request)))
    .toSorted((a, b) => sign * compare(valueIn(a), valueIn(b)));
}

const textsOf = (request: RecentRequest): (string | number | null)[] => [
  request.bucket,
  request.key,
  request.operation,
  request.status,
  request.outcome,
  request.side,
  request.error_type,
  request.reason,
  request.message,
  request.id,
  request.trace_id,
];
