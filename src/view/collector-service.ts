/** The collector of one signal as a service. The exporter has its last success and its last error. */
import type { ExportStats } from '../export/export-counts.ts';
import type { Signal } from '../export/signal.ts';
import { withoutCredentials } from '../kit/without-credentials.ts';
import type { Service } from './documents.ts';
import { withState } from './service-record.ts';

export interface WatchedExport {
  readonly signal: Signal;
  /** URL of the collector. */
  readonly endpoint: string;
  stats(): Pick<ExportStats, 'breakerOpen' | 'deliveredAt' | 'failure'>;
}

export function collectorService({ signal, endpoint, stats }: WatchedExport): Service {
  const { breakerOpen, deliveredAt = null, failure } = stats();
  return withState({
    kind: 'collector',
    name: signal,
    target: URL.parse(endpoint)?.origin ?? null,
    last_success_at: deliveredAt,
    last_error: failure === undefined ? null : lastError(failure),
    breaker: breakerOpen ? 'open' : 'closed',
    latency: [],
  });
}

function lastError({ at, message }: NonNullable<ExportStats['failure']>): NonNullable<Service['last_error']> {
  return { at, type: 'not_delivered', cause: withoutCredentials(message), trace_id: null };
}
