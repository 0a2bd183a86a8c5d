/** The calls to the store of one bucket: a histogram of attempts, a counter of retries, and gauges of its connections. */
import { STATUS_CODES } from 'node:http';
import { OPERATIONS, type OperationName } from '../domain/operation.ts';
import type { StoreObserver } from '../domain/store-observer.ts';
import { LabelMemo } from './label-memo.ts';
import type { Registry } from './registry.ts';
import { type Counter, type Histogram, traceOf } from './series.ts';

export interface StoreFigures {
  readonly endpoint: { readonly origin: string };
  readonly connections: { readonly used: number; readonly waiting: number; readonly idle: number };
}

/** Whether the status is registered: with all others, a store could create many series. */
const isRegistered = (status: number): boolean => Object.hasOwn(STATUS_CODES, status);

type AttemptLabels = readonly [
  operation: OperationName,
  status: number | undefined,
  errorType: string | undefined,
  hostname: string,
  port: number,
];

/** The series of all attempts with one outcome. */
interface AttemptSeries {
  readonly duration: Histogram;
  readonly retries: Counter;
  /** Undefined if it is not exported. */
  readonly clientDuration: Histogram | undefined;
}

export function watchStoreCalls(registry: Registry, bucket: string): StoreObserver {
  const series = new LabelMemo((labels: AttemptLabels) => seriesOf(registry, bucket, labels));
  return {
    attempted({ operation, resends, server, status, errorType, seconds, span }) {
      const trace = traceOf(span);
      const found = series.of([operation, status, errorType, server.hostname, server.port]);
      found.duration.observe(seconds, trace);
      if (resends > 0) found.retries.add(1, trace);
      found.clientDuration?.observe(seconds, trace);
    },
    closed() {},
  };
}

function seriesOf(registry: Registry, bucket: string, labels: AttemptLabels): AttemptSeries {
  const [operation, status, errorType = 'none'] = labels;
  const own = [bucket, operation, statusText(status), errorType];
  return {
    duration: registry.histogram('mizuchi_store_request_duration_seconds', own),
    retries: registry.counter('mizuchi_store_retries', [bucket, operation]),
    clientDuration: registry.isExported
      ? registry.histogram('http.client.request.duration', clientAttributes(labels))
      : undefined,
  };
}

/** @returns removes its series. */
export function watchStore(registry: Registry, bucket: string, store: StoreFigures): () => void {
  const info = [bucket, store.endpoint.origin];
  const stop = registry.onCollect(() => {
    const { used, waiting, idle } = store.connections;
    registry.set('mizuchi_store_info', info, 1);
    registry.set('mizuchi_store_connections_in_use', [bucket], used);
    registry.set('mizuchi_store_connections_idle', [bucket], idle);
    registry.set('mizuchi_store_connections_waiting', [bucket], waiting);
  });
  return () => {
    stop();
    registry.remove('mizuchi_store_info', info);
    for (const state of ['in_use', 'idle', 'waiting'] as const)
      registry.remove(`mizuchi_store_connections_${state}`, [bucket]);
  };
}

function statusText(status: number | undefined): string {
  if (status === undefined) return 'none';
  return isRegistered(status) ? String(status) : `${Math.floor(status / 100)}xx`;
}

/** OTel semantic conventions, "HTTP client metrics". */
function clientAttributes([operation, status, errorType, hostname, port]: AttemptLabels): string[] {
  const { method } = OPERATIONS[operation];
  return [method, hostname, String(port), statusCode(status), errorType ?? ''];
}

function statusCode(status: number | undefined): string {
  return status !== undefined && isRegistered(status) ? String(status) : '';
}
